using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost.Functions;

namespace FlowForge.Datasets.Rebuild;

/// <summary>Whether a run would build a dataset, and why.</summary>
public enum RebuildVerdict
{
    /// <summary>The table does not exist, or nobody knows what it was made from.</summary>
    New,

    /// <summary>SQL, settings, values or inputs have changed, or somebody else wrote to the table.</summary>
    Changed,

    /// <summary>A run would leave the table as it is.</summary>
    Unchanged,

    /// <summary>Built in each run.</summary>
    Always,
}

/// <param name="Verdict">Whether it would be built.</param>
/// <param name="Reasons">Why, for people; empty when it would not.</param>
public sealed record RebuildAnswer(RebuildVerdict Verdict, IReadOnlyList<string> Reasons);

/// <summary>Compares what a table was made from with what it would be made from now.</summary>
internal static class RebuildQuestion
{
    private static readonly string[] Harmless = ["OPTIMIZE", "VACUUM START", "VACUUM END"];

    public static RebuildAnswer Ask(DatasetDefinition dataset, LakeTable table, JobRequest request, IReadOnlyList<DatasetInput> inputs, IReadOnlyList<SqlFunctionDescriptor> functions)
    {
        if (MadeFrom.Volatile(dataset, functions) is { } why) return new RebuildAnswer(RebuildVerdict.Always, [why]);
        if (table.Latest() is not { } latest) return new RebuildAnswer(RebuildVerdict.New, ["the table does not exist yet"]);
        if (latest.StateOf(request.ApplicationId) is not { MadeFrom: { } then } state) return new RebuildAnswer(RebuildVerdict.New, ["this pipeline has not built it yet"]);
        if (Foreign(table, latest.Version, state.TableVersion) is { } written) return new RebuildAnswer(RebuildVerdict.Changed, [written]);
        var changes = MadeFrom.Changes(then, MadeFrom.Of(dataset, request, inputs, functions));
        return new RebuildAnswer(changes.Count == 0 ? RebuildVerdict.Unchanged : RebuildVerdict.Changed, changes);
    }

    // Versions after the dataset's own that others committed; compaction changes no row.
    private static string? Foreign(LakeTable table, long latest, long own)
    {
        if (latest == own) return null;
        var since = table.History((int)Math.Min(latest - own, 1000), latest + 1);
        return since.FirstOrDefault(v => !Harmless.Contains(v.Operation)) is { } other
            ? string.Create(CultureInfo.InvariantCulture, $"version {other.Version} of the table is not its own ({other.Operation})")
            : since.Count < latest - own ? "the table was written by others since" : null;
    }
}
