using FlowForge.Api.Hosting;
using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Api.Tables;

/// <summary>Care of tables that people ask for: optimize, vacuum, changes of schema and rules. One at a time, each with an engine of its own. Thread-safe.</summary>
internal sealed class TableCare(KnownTables tables, RuntimeSettings settings) : IDisposable
{
    private const int MostNamed = 100;
    private static readonly IReadOnlyDictionary<string, string> By = new Dictionary<string, string> { ["by"] = "API" };
    private readonly SemaphoreSlim one = new(1, 1);

    public Task<TableOptimized> OptimizeAsync(TableName name, OptimizeTable body, CancellationToken ct) => DoAsync(session =>
    {
        var defaults = new OptimizeOptions();
        var done = tables[name].Optimize(session, new OptimizeOptions
        {
            SortBy = body.SortBy ?? [], TargetFileBytes = Size(body.TargetFileBytes, defaults.TargetFileBytes), SmallFileBytes = Size(body.SmallFileBytes, defaults.SmallFileBytes), Info = By
        }, ct);
        var latest = tables[name].Latest()!;
        return new TableOptimized(name.ToString(), done?.Version, done?.FilesRemoved ?? 0, done?.FilesAdded ?? 0, latest.Files.Count, latest.Bytes);
    }, ct);

    public Task<TableVacuumed> VacuumAsync(TableName name, VacuumTable body, CancellationToken ct)
    {
        if (body.RetentionHours is < 1 or > 24 * 3650)
            throw ProblemException.Bad("FF4086", $"A retention of {body.RetentionHours} hours is not possible: 1 hour to 10 years.", "Readers of a version may be under way without a lease, so the last hour always stays.");
        return DoAsync(_ =>
        {
            var done = tables[name].Vacuum(new VacuumOptions { Retention = body.RetentionHours is { } hours ? TimeSpan.FromHours(hours) : null, DryRun = body.DryRun });
            return new TableVacuumed(name.ToString(), body.DryRun, [.. done.Files.Take(MostNamed)], done.Files.Count, done.Bytes);
        }, ct);
    }

    public Task<TableAltered> AlterAsync(TableName name, AlterTable body, CancellationToken ct)
    {
        if (body.Changes is not { Count: > 0 }) throw ProblemException.Bad("FF4087", "There are no changes.", "Send {\"changes\": [{\"kind\": \"rename_column\", \"name\": \"a\", \"to\": \"b\"}]}.");
        var changes = body.Changes.Select(Change).ToList();
        return DoAsync(session => new TableAltered(name.ToString(), tables[name].Alter(session, changes, body.AllowUpgrade, By, ct)), ct);
    }

    public void Dispose() => one.Dispose();

    private static long Size(long? wished, long standard) => wished is null ? standard
        : wished is >= 1 << 20 and <= 16L << 30 ? wished.Value : throw ProblemException.Bad("FF4088", $"A file size of {wished} bytes is not possible: 1 MiB to 16 GiB.");

    private static TableAlteration Change(TableChange change)
    {
        var name = change.Name ?? "";
        if (name.Length == 0 && change.Kind is not (TableChangeKind.SetAppendOnly or TableChangeKind.DropAppendOnly)) throw Missing("name");
        return change.Kind switch
        {
            TableChangeKind.RenameColumn => new TableAlteration.RenameColumn(name, change.To ?? throw Missing("to")),
            TableChangeKind.DropColumn => new TableAlteration.DropColumn(name),
            TableChangeKind.MoveColumn => new TableAlteration.MoveColumn(name, change.To),
            TableChangeKind.SetNotNull => new TableAlteration.SetNotNull(name),
            TableChangeKind.DropNotNull => new TableAlteration.SetNotNull(name, false),
            TableChangeKind.AddConstraint => new TableAlteration.AddConstraint(name, change.To ?? throw Missing("to")),
            TableChangeKind.DropConstraint => new TableAlteration.DropConstraint(name),
            TableChangeKind.SetAppendOnly => new TableAlteration.SetAppendOnly(),
            _ => new TableAlteration.SetAppendOnly(false)
        };

        ProblemException Missing(string field) => ProblemException.Bad("FF4087", $"The change {change.Kind} lacks '{field}'.");
    }

    private async Task<T> DoAsync<T>(Func<DuckSession, T> work, CancellationToken ct)
    {
        await one.WaitAsync(ct);
        try
        {
            return await Task.Run(() =>
            {
                using var database = DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = settings.ReadMemoryBytes, Threads = Math.Max(1, Environment.ProcessorCount), TempDirectory = Path.Combine(settings.SpillFolder, "care") });
                using var session = database.Connect();
                return work(session);
            }, ct);
        }
        catch (TableConflictException e)
        {
            throw ProblemException.Conflict("FF4083", e.Message, "Ask again.");
        }
        catch (LakeException e)
        {
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "FF4089", "The table stays as it is", e.Message);
        }
        finally
        {
            one.Release();
        }
    }
}
