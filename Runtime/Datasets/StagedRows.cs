using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>
/// The rows of a dataset's SQL on their way into the table. They are made once, can be looked at, can lose those that checks reject, and are then put into
/// the transaction in the dataset's mode.
/// </summary>
internal abstract class StagedRows(DatasetJob job, DuckSession session, TableTransaction transaction, DatasetSql sql)
{
    protected DatasetJob Job { get; } = job;

    protected DuckSession Session { get; } = session;

    protected TableTransaction Transaction { get; } = transaction;

    protected DatasetSql Sql { get; } = sql;

    /// <summary>FROM-able expression of the rows.</summary>
    public abstract string Scan { get; }

    /// <summary>Rows that the SQL made, counted as they were made, whatever then became of them.</summary>
    public long Made => made.Passed;

    /// <summary>Number of rows that are here.</summary>
    public abstract long Count { get; }

    /// <summary>Rows of the table that stay beside these, FROM-able; null when all are replaced. Those that a merge is about to change are among them.</summary>
    public string? Kept => Mode == CommitMode.Overwrite || Transaction.Base is not { } table ? null : table.ScanSql();

    /// <summary>What the commit is called.</summary>
    public virtual string Operation => "WRITE";

    public abstract CommitMode Mode { get; }

    /// <summary>Leaves out the rows for which the condition holds.</summary>
    public abstract void Remove(string condition);

    /// <summary>Puts what is left into the transaction.</summary>
    public abstract Applied Apply();

    /// <summary>The SELECT of the rows to be stored, which counts them.</summary>
    protected string Counted(string select) => Job.Options.Taps.Made(made.Of(select));

    private readonly CountedFilter made = new(session);

    public static StagedRows Make(DatasetJob job, DuckSession session, TableTransaction transaction, DatasetSql sql) => job.Dataset.Mode switch
    {
        // A history cannot be made again from the present state.
        DatasetMode.Scd2 => new HistoryRows(job, session, transaction, sql),
        _ when job.Request.FullRefresh => new WrittenRows(job, session, transaction, sql, CommitMode.Overwrite, sql.Select),
        DatasetMode.Merge => new MergedRows(job, session, transaction, sql),
        DatasetMode.Incremental => new RangeRows(job, session, transaction, sql),
        DatasetMode.Append => new WrittenRows(job, session, transaction, sql, CommitMode.Append, sql.Select),
        _ => new WrittenRows(job, session, transaction, sql, CommitMode.Overwrite, sql.Select),
    };

    /// <summary>A full build decides the partitions anew; the other modes follow the table.</summary>
    protected WriteOptions Write(CommitMode mode) => new()
    {
        Mode = mode,
        PartitionBy = mode == CommitMode.Overwrite || Transaction.Base is null || Job.Dataset.PartitionBy.Count > 0 ? Job.Dataset.PartitionBy : null,
        Compression = Job.Options.Compression,
        Schema = Sql.OriginalNames,
    };
}

/// <summary>What was put into a transaction.</summary>
/// <param name="Rows">Rows of the SQL that it has taken: those in its files, or those that were merged.</param>
/// <param name="Notes">What to note in the history.</param>
internal sealed record Applied(long Rows, IReadOnlyDictionary<string, string> Notes);

/// <summary>Rows that go to files at once: full and append.</summary>
internal class WrittenRows : StagedRows
{
    private readonly WriteOptions write;

    public WrittenRows(DatasetJob job, DuckSession session, TableTransaction transaction, DatasetSql sql, CommitMode mode, string select) : base(job, session, transaction, sql)
    {
        Mode = mode;
        write = Write(mode);
        transaction.Write(session, Counted(select), write, job.Cancel);
    }

    public override string Scan => Transaction.StagedScanSql()!;

    public override long Count => Transaction.StagedRows;

    public override CommitMode Mode { get; }

    public override void Remove(string condition) => Transaction.Rewrite(Session, all => Job.Options.Taps.Checked($"SELECT * FROM {all} WHERE NOT ({condition})"), write, Job.Cancel);

    public override Applied Apply() => new(Count, new Dictionary<string, string>());
}

/// <summary>
/// Rows that take the place of a range of time (mode incremental): from the newest time of the table, less the lookback, on; in a backfill, the run's data interval.
/// Rows of the SQL outside of it are not made. Rows without a time are replaced each time, but not by a backfill.
/// </summary>
internal sealed class RangeRows(DatasetJob job, DuckSession session, TableTransaction transaction, DatasetSql sql)
    : WrittenRows(job, session, transaction, sql, CommitMode.Replace, Select(job, session, transaction, sql))
{
    public override Applied Apply()
    {
        var mine = base.Apply();
        if (Range(Job, Session, Transaction) is not { } range) return mine;
        var gone = Transaction.Delete(Session, Condition(Job, Sql, range, Transaction.Base!.Schema.Find(Job.Dataset.TimeColumn!)!.DuckType), Write(CommitMode.Replace), Job.Cancel);
        Job.Log.Info($"{gone} rows from {range.From}{(range.To is { } to ? $" to {to}" : " on")} were replaced.");
        var info = new Dictionary<string, string> { ["from"] = range.From, ["replaced"] = gone.ToString(CultureInfo.InvariantCulture) };
        if (range.To is not null) info["to"] = range.To;
        return mine with { Notes = info };
    }

    private static string Select(DatasetJob job, DuckSession session, TableTransaction transaction, DatasetSql sql)
    {
        var column = sql.Columns.FirstOrDefault(c => c.Name.Equals(job.Dataset.TimeColumn, StringComparison.OrdinalIgnoreCase))
            ?? throw new JobFailedException("FF3207", $"{job.Dataset.Table} has time_column '{job.Dataset.TimeColumn}', which its SQL does not give.", $"The columns are: {string.Join(", ", sql.Columns.Select(c => c.Name))}.");
        // The days that the interval touches are replaced as a whole, and would keep what the SQL makes of the interval.
        if (job.Request is { KeepCursor: true, CutsDays: true, Interval: { } part } && column.Type == "DATE" && Placeholders.NeedsInterval(job.Dataset))
            throw new JobFailedException("FF3207", $"{job.Dataset.Table} knows days only by its time_column '{column.Name}', and its SQL takes the rows from {Moment(part.Start)} to {Moment(part.End)} UTC, where no day of {job.Request.IntervalZone.Id} begins and ends: they would take the place of whole days.",
                "Backfill from midnight on in steps of whole days, or let the SQL take whole days.");
        return Range(job, session, transaction) is { } range ? $"SELECT * FROM ({sql.Select}) AS made WHERE {Condition(job, sql, range, column.Type)}" : sql.Select;
    }

    // As text; null for a table that is new or empty.
    private static (string From, string? To)? Range(DatasetJob job, DuckSession session, TableTransaction transaction)
    {
        if (transaction.Base is not { } table) return null;
        var column = table.Schema.Find(job.Dataset.TimeColumn!)
            ?? throw new JobFailedException("FF3207", $"{job.Dataset.Table} has time_column '{job.Dataset.TimeColumn}', which the table has not.", "Build the dataset with mode: full once.");
        if (job.Request is { KeepCursor: true, Interval: { } interval })
            return column.DuckType == "DATE" && job.Request.IntervalDays is var (first, next) ? (Day(first), Day(next)) : (Moment(interval.Start), Moment(interval.End));
        var name = SqlText.Identifier(column.Name);
        var isTime = column.DuckType.StartsWith("TIMESTAMP", StringComparison.Ordinal) || column.DuckType == "DATE";
        if (job.Dataset.Lookback > TimeSpan.Zero && !isTime)
            throw new JobFailedException("FF3207", $"{job.Dataset.Table} has a lookback, but its time_column '{column.Name}' is {column.DuckType}.", "Use a column of type DATE or TIMESTAMP, or leave lookback out.");
        var newest = job.Dataset.Lookback > TimeSpan.Zero
            ? $"CAST(max({name}) - INTERVAL '{((long)job.Dataset.Lookback.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)} milliseconds' AS {column.DuckType})"
            : $"max({name})";
        return session.Scalar<string>($"SELECT CAST({newest} AS VARCHAR) FROM {table.ScanSql()}", job.Cancel) is { } from ? (from, null) : null;
    }

    private static string Moment(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Condition(DatasetJob job, DatasetSql sql, (string From, string? To) range, string type)
    {
        var name = SqlText.Identifier(sql.Columns.First(c => c.Name.Equals(job.Dataset.TimeColumn, StringComparison.OrdinalIgnoreCase)).Name);
        return range.To is { } to
            ? $"coalesce({name} >= CAST({SqlText.Literal(range.From)} AS {type}) AND {name} < CAST({SqlText.Literal(to)} AS {type}), false)"
            : $"({name} >= CAST({SqlText.Literal(range.From)} AS {type}) OR {name} IS NULL)";
    }
}

/// <summary>Rows that are kept in DuckDB (which spills) until it is known which ones change something.</summary>
internal abstract class KeptRows : StagedRows
{
    private const string Result = "dataset_result";
    private long count;

    protected KeptRows(DatasetJob job, DuckSession session, TableTransaction transaction, DatasetSql sql) : base(job, session, transaction, sql)
    {
        session.Execute($"CREATE TEMP TABLE {Result} AS {Counted(sql.Select)}", job.Cancel);
        count = session.Scalar<long>($"SELECT count(*) FROM {Result}");
    }

    public override string Scan => Result;

    public override long Count => count;

    public override string Operation => "MERGE";

    public override CommitMode Mode => CommitMode.Replace;

    /// <summary>The SELECT of the rows to be merged.</summary>
    protected string Left => Job.Options.Taps.Merged($"SELECT * FROM {Result}");

    public override void Remove(string condition)
    {
        Session.Execute($"CREATE TEMP TABLE dataset_kept AS {Job.Options.Taps.Checked($"SELECT * FROM {Result} WHERE NOT ({condition})")}", Job.Cancel);
        Session.Execute($"DROP TABLE {Result}; ALTER TABLE dataset_kept RENAME TO {Result}");
        count = Session.Scalar<long>($"SELECT count(*) FROM {Result}");
    }
}

/// <summary>Rows that are merged into the table by key (mode merge).</summary>
internal sealed class MergedRows(DatasetJob job, DuckSession session, TableTransaction transaction, DatasetSql sql) : KeptRows(job, session, transaction, sql)
{
    public override Applied Apply()
    {
        var merged = Transaction.Merge(Session, Left, new MergeOptions { Keys = Job.Dataset.Keys, Write = Write(CommitMode.Replace) }, Job.Cancel);
        Job.Log.Info($"{merged.Inserted} rows inserted, {merged.Updated} updated, {merged.Unchanged} unchanged.");
        return new Applied(merged.Source, new Dictionary<string, string> { ["merge"] = string.Create(CultureInfo.InvariantCulture, $"inserted={merged.Inserted} updated={merged.Updated} unchanged={merged.Unchanged}") });
    }
}
