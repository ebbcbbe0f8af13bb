using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Api.Tables;

/// <summary>Changes of sources that wait for a person: shown with what they touch, approved, rejected. Thread-safe.</summary>
internal sealed class HeldChanges(CatalogDatabase catalog, KnownTables tables, SchemaViews schemas, RunService runs, TimeProvider clock)
{
    public IReadOnlyList<Contracts.SchemaHold> List(HoldStanding? standing, string? table) =>
        [.. (table is null ? catalog.Holds.List(standing is { } s ? ToState(s) : null) : catalog.Holds.OfTable(table).Where(h => standing is null || h.State == ToState(standing.Value))).Select(h => View(h))];

    public Contracts.SchemaHold Get(string id) => View(Find(id), whole: true);

    public async Task<HoldDecided> ApproveAsync(string id, ApproveHold body, CancellationToken ct)
    {
        var hold = Find(id);
        // What was said to the hold that this one goes on with still holds, unless something else is said.
        var (renames, discard) = (body.Renames ?? hold.Decision?.Renames ?? new Dictionary<string, string>(), body.Discard ?? hold.Decision?.Discard ?? []);
        Check(hold, renames, discard);
        Decide(hold, true, new HoldDecision(By(body.By), renames, discard, body.Note));
        var (run, obstacle) = (default(string), default(string));
        if (body.Continue)
        {
            try { run = await runs.RetryAsync(hold.RunId, ct); }
            catch (RunRefusedException e) { obstacle = $"{e.Message} {e.Suggestion}".TrimEnd(); }
        }
        return new HoldDecided(Get(id), run, obstacle);
    }

    public HoldDecided Reject(string id, RejectHold body)
    {
        Decide(Find(id), false, new HoldDecision(By(body.By), new Dictionary<string, string>(), [], body.Note));
        return new HoldDecided(Get(id), null, null);
    }

    private void Decide(Catalog.SchemaHold hold, bool approve, HoldDecision decision)
    {
        if (!catalog.Holds.Decide(hold, approve, decision, clock.GetUtcNow()))
            throw ProblemException.Conflict("FF4162", $"{hold.HoldId} is {catalog.Holds.Get(hold.HoldId)!.State.ToString().ToLowerInvariant()} by now, or was read anew.", "Look at it again.");
    }

    private void Check(Catalog.SchemaHold hold, IReadOnlyDictionary<string, string> renames, IReadOnlyList<string> discard)
    {
        var (added, gone) = (Of(DifferenceKind.Added), Snapshot(hold)?.Schema.Columns.Where(c => !c.IsReserved).Select(c => c.Name).ToList() ?? []);
        var wrong = renames.FirstOrDefault(r => !added.Contains(r.Key)) is { Key: { } stranger } ? $"'{stranger}' is no new column of the source: {string.Join(", ", added)} are."
            : renames.FirstOrDefault(r => !gone.Contains(r.Value)) is { Value: { } unknown } ? $"{hold.Table} has no column '{unknown}'."
            : renames.FirstOrDefault(r => !Of(DifferenceKind.Removed).Contains(r.Value) && !hold.Renames.Any(s => s.From == r.Value)) is { Value: { } present } ? $"'{present}' is not missing in the source, so no other column can be it."
            : renames.Values.GroupBy(v => v).FirstOrDefault(g => g.Count() > 1) is { Key: { } twice } ? $"Two columns cannot both be '{twice}'."
            : discard.FirstOrDefault(d => renames.ContainsKey(d)) is { } both ? $"'{both}' cannot be renamed and left out."
            : discard.FirstOrDefault(d => !hold.Changes.Any(c => c.Column == d && c.Kind != DifferenceKind.Removed)) is { } left ? $"'{left}' is no new or changed column, so it cannot be left out." : null;
        if (wrong is not null) throw ProblemException.Bad("FF4163", wrong, $"GET /api/v1/drift/{hold.HoldId} shows the changes.");

        List<string> Of(DifferenceKind kind) => [.. hold.Changes.Where(c => c.Kind == kind).Select(c => c.Column)];
    }

    private static string By(string? by) => string.IsNullOrWhiteSpace(by) ? "API" : by.Trim() is { Length: > 100 } long_ ? long_[..100] : by.Trim();

    private Catalog.SchemaHold Find(string id) => catalog.Holds.Get(id) ?? throw ProblemException.NotFound("FF4161", $"Nothing is held under '{id}'.", "GET /api/v1/drift lists what is.");

    private TableSnapshot? Snapshot(Catalog.SchemaHold hold) => TableName.TryParse(hold.Table, out var name) ? tables[name].Latest() : null;

    private Contracts.SchemaHold View(Catalog.SchemaHold h, bool whole = false) => new()
    {
        Id = h.HoldId, Table = h.Table, Pipeline = h.Pipeline, Job = h.JobId, Run = h.RunId, Standing = Enum.Parse<HoldStanding>(h.State.ToString()), HeldAt = h.HeldAt, Changes = SchemaViews.Differences(h.Changes), Renames = SchemaViews.Renames(h.Renames),
        RowsRead = h.RowsRead, RowsRejected = h.RowsRejected, Bytes = h.Bytes, DecidedBy = h.State == HoldState.Pending ? null : h.Decision?.By, DecidedAt = h.DecidedAt, Note = h.State == HoldState.Pending ? null : h.Decision?.Note, Renamed = h.Decision?.Renames ?? new Dictionary<string, string>(),
        Discarded = h.Decision?.Discard ?? [], LoadedBy = h.DoneVersion is null ? null : h.DoneRun, LoadedVersion = h.DoneVersion,
        Impact = whole && TableName.TryParse(h.Table, out var name) ? schemas.Impact(name, h.Changes) : [],
        Columns = whole && Snapshot(h) is { } now ? [.. now.Schema.Columns.Where(c => !c.IsReserved).Select(TableViews.ToColumn)] : [],
    };

    private static HoldState ToState(HoldStanding standing) => Enum.Parse<HoldState>(standing.ToString());
}
