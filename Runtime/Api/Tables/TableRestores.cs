using System.Globalization;
using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;

namespace FlowForge.Api.Tables;

/// <summary>Brings older versions of tables back. Thread-safe.</summary>
internal sealed class TableRestores(KnownTables tables, CatalogDatabase catalog)
{
    private const int MostNamed = 20;

    public RestorePreview Preview(TableName name, TableSnapshot latest, long version)
    {
        var plan = Plan(name, latest, version);
        return new RestorePreview
        {
            Table = name.ToString(), From = plan.From.Version, To = plan.To.Version, RowsNow = plan.From.Rows, RowsThen = plan.To.Rows, FilesBack = plan.Added.Count, FilesGone = plan.Removed.Count,
            Columns = [.. Columns(plan.From, plan.To)], Dependents = [.. catalog.Lineage.Outputs(name.ToString()).Select(e => e.Table).Distinct().Order(StringComparer.Ordinal)],
            Jobs =
            [
                .. plan.States.Values.Select(s => (Known: s.Now ?? s.Then!, s.Now, s.Then))
                    .Select(s => new JobCursor(s.Known.Pipeline, s.Known.Job, s.Now?.Cursor, s.Then?.Cursor, s.Now?.FilesSeen.Count ?? 0, s.Then?.FilesSeen.Count ?? 0))
            ],
            Missing = [.. plan.Missing.Take(MostNamed)], MissingCount = plan.Missing.Count
        };
    }

    public TableRestored Restore(TableName name, TableSnapshot latest, RestoreTable body)
    {
        var plan = Plan(name, latest, body.Version);
        if (plan.Missing.Count > 0)
            throw ProblemException.Conflict("FF4082", $"Version {body.Version} of {name} cannot be restored: vacuum has removed {plan.Missing.Count} of its files: {string.Join(", ", plan.Missing.Take(MostNamed))}.", "Restore a younger version, or bring the files back from a backup.");
        if (catalog.Care.OpenOf(name.ToString()) is { } open)
            throw ProblemException.Conflict("FF3413", $"{open.Kind} of {name} is {(open.State == FlowForge.Catalog.RunState.Queued ? "waiting" : "under way")} ({open.CareId}).", "Wait for its end, or cancel it.");
        try
        {
            var done = tables[name].Restore(body.Version, new Dictionary<string, string> { ["by"] = "API", ["version"] = body.Version.ToString(CultureInfo.InvariantCulture), ["cursor"] = body.Cursor == RestoreCursor.Keep ? "kept" : "set back" },
                keepStates: body.Cursor == RestoreCursor.Keep);
            return new TableRestored(name.ToString(), done.Version, body.Version, done.FilesAdded, done.FilesRemoved);
        }
        catch (LakeException e)
        {
            throw ProblemException.Conflict("FF4083", e.Message, "Look at the preview of the restore again.");
        }
    }

    private RestorePlan Plan(TableName name, TableSnapshot latest, long version)
    {
        if (version == latest.Version) throw ProblemException.Bad("FF4084", $"Version {version} is the latest of {name} already.", "Choose an older one.");
        // Answers for a version that does not exist or was cleaned away.
        Endpoints.TableEndpoints.Snapshot(tables, name, version);
        return tables[name].PlanRestore(version);
    }

    private static IEnumerable<ColumnChange> Columns(TableSnapshot now, TableSnapshot then)
    {
        foreach (var column in then.Schema.Columns.Where(c => !c.IsReserved))
        {
            var present = now.Schema.Find(column.Name);
            if (present is null) yield return new ColumnChange(column.Name, "added", column.DuckType);
            else if (present.DuckType != column.DuckType) yield return new ColumnChange(column.Name, "changed", column.DuckType, present.DuckType);
        }
        foreach (var column in now.Schema.Columns.Where(c => !c.IsReserved && then.Schema.Find(c.Name) is null)) yield return new ColumnChange(column.Name, "removed", column.DuckType);
    }
}
