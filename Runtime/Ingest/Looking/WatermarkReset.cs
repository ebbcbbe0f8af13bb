using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Publishing;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Looking;

/// <summary>What setting a watermark back means.</summary>
/// <param name="From">Where it stood; null for nowhere.</param>
/// <param name="To">Where it stands then; null: the next run reads all.</param>
/// <param name="RowsThere">Rows of the table at or after the new value, which the next run reads again.</param>
/// <param name="Effect">The same in a sentence.</param>
/// <param name="Version">The table version that keeps it; null when nothing was changed.</param>
public sealed record WatermarkChange(string Column, string? From, string? To, long RowsThere, string Effect, long? Version);

/// <summary>Sets the watermark of a job to another value, by a commit of its own that changes no row: the history keeps who, when, from and to.</summary>
internal sealed class WatermarkReset(LakeStore lake, CatalogDatabase catalog, IngestDefinition job, string pipeline)
{
    private string JobId => "ingest." + job.Name;

    /// <param name="value">In text form; null to read all again.</param>
    /// <param name="transaction">A transaction version that no run uses; null to only say what would happen.</param>
    /// <param name="by">Who asks.</param>
    public WatermarkChange Set(string? value, long? transaction, string by)
    {
        var name = new TableName(Layer.Bronze, job.Table);
        var table = lake.Table(name);
        if (table.Latest() is not { } before || before.StateOf($"{pipeline}/{JobId}") is not { } state) throw new JobFailedException("FF2129", $"{JobId} of {pipeline} has not loaded {name} yet, so there is no watermark to set.");
        if (job.IncrementalMode != IncrementalMode.Incremental) return ForgetCursor(table, name, before, state, value, transaction, by);
        var column = before.Schema.Find(DedupeSql.Find(job.WatermarkColumn!, [.. before.Schema.Columns.Select(c => c.Name)], "FF2114", "watermark column"))!;
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        var bound = value is null ? null : $"CAST({SqlText.Literal(value)} AS {column.DuckType})";
        if (bound is not null && session.Scalar<string?>($"SELECT CAST(TRY_CAST({SqlText.Literal(value!)} AS {column.DuckType}) AS VARCHAR)") is not { } exact)
            throw new JobFailedException("FF2129", $"'{value}' is no {column.DuckType}, which the watermark column {column.Name} is.", "Give a value of that type, or none to read all again.");
        var there = session.Scalar<long>($"SELECT count(*) FROM {before.ScanSql()}{(bound is null ? "" : $" WHERE {SqlText.Identifier(column.Name)} >= {bound}")}");
        var kept = job.WriteMode == Pipelines.WriteMode.Append ? "rows that are there already are not loaded twice" : $"they are merged by {string.Join(", ", job.DedupeKeys)}";
        var effect = string.Create(CultureInfo.InvariantCulture, $"The next run reads {(value is null ? "all of the source" : $"from {column.Name} = {value} on")} again, where {there} rows of {name} lie; {kept}.");
        return Set(table, name, state, column.Name, value, there, effect, transaction, by);
    }

    /// <summary>A stream's cursor is its connector's own text: it can only be forgotten.</summary>
    private WatermarkChange ForgetCursor(LakeTable table, TableName name, TableSnapshot before, JobState state, string? value, long? transaction, string by)
    {
        if (state.Cursor is null) throw new JobFailedException("FF2129", $"{JobId} of {pipeline} is not incremental and reads no stream, so it has no watermark.");
        if (value is not null) throw new JobFailedException("FF2129", $"The cursor of {JobId} is its connector's own and cannot be set to '{value}'.", "Give no value: the next run then reads the stream from its beginning.");
        var kept = job.WriteMode == Pipelines.WriteMode.Merge ? $"they are merged by {string.Join(", ", job.DedupeKeys)}" : "what is loaded already is loaded once more";
        return Set(table, name, state, "cursor", null, before.Rows, string.Create(CultureInfo.InvariantCulture, $"The next run reads the stream from its beginning, while {before.Rows} rows lie in {name}; {kept}."), transaction, by);
    }

    private WatermarkChange Set(LakeTable table, TableName name, JobState state, string column, string? value, long there, string effect, long? transaction, string by)
    {
        if (transaction is not { } version) return new WatermarkChange(column, state.Cursor, value, there, effect, null);
        using var commit = table.Begin();
        var done = commit.Commit(new CommitOptions
        {
            Transaction = ($"{pipeline}/{JobId}", version),
            DataChange = false,
            Operation = "SET WATERMARK",
            State = state with { Cursor = value, Outcome = null, Rows = default, FilesOfCommit = 0 },
            Info = new Dictionary<string, string> { ["pipeline"] = pipeline, ["job"] = job.Name, ["by"] = by, ["from"] = state.Cursor ?? "", ["to"] = value ?? "" },
        });
        if (done.AlreadyCommitted) throw new JobFailedException("FF2129", $"Another run has committed to {name} meanwhile; the watermark was not changed.", "Ask again.");
        catalog.Watermarks.Record(new Watermark(name.ToString(), pipeline, JobId, column, value, "set by " + by, DateTimeOffset.UtcNow));
        return new WatermarkChange(column, state.Cursor, value, there, effect, done.Version);
    }
}
