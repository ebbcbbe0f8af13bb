using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>
/// Rows that quarantine checks take out of a dataset, on their way into a table of their own beside it. They count once the main commit names their version. Where a build replaces
/// all rows its rejects replace those of the build before; in the other modes they come beside them, and where rows may be made again, one that fails again takes its former place.
/// </summary>
internal sealed class DatasetRejects : IDisposable
{
    private readonly DatasetJob job;
    private readonly TableTransaction transaction;
    private readonly CommitMode mode;

    private DatasetRejects(DatasetJob job, TableTransaction transaction, CommitMode mode, long rows) => (this.job, this.transaction, this.mode, Rows) = (job, transaction, mode, rows);

    /// <summary>Rows that this build refused.</summary>
    public long Rows { get; }

    /// <summary>The rejects table of a dataset's table.</summary>
    public TableName Table => NameFor(TableName.Parse(job.Dataset.Table));

    private static TableName NameFor(TableName table) => table with { Name = table.Name + "__rejects" };

    /// <summary>Writes the rows that fail, one for each with all its reasons, where nobody sees them yet.</summary>
    /// <param name="session">Reads the rows.</param>
    /// <param name="scan">The rows, FROM-able.</param>
    /// <param name="run">Knows which rows fail.</param>
    /// <param name="checks">Those of which rows fail.</param>
    /// <param name="before">The dataset's table as the build found it; its state names the rejects that count.</param>
    /// <param name="replaces">How the build puts its rows into the table.</param>
    public static DatasetRejects Stage(DatasetJob job, DuckSession session, string scan, CheckRun run, IReadOnlyList<CheckDefinition> checks, TableSnapshot? before, CommitMode replaces)
    {
        var main = TableName.Parse(job.Dataset.Table);
        var transaction = job.Lake.Table(NameFor(main)).Begin();
        try
        {
            var news = Failing(job, scan, run, checks);
            var named = replaces == CommitMode.Overwrite ? null : Named(job.Lake, main, before?.State?.Rejects);
            // Behind the named version lies what a build wrote whose own commit never came.
            var mode = replaces != CommitMode.Overwrite && named?.Version == transaction.Base?.Version ? CommitMode.Append : CommitMode.Overwrite;
            var again = replaces == CommitMode.Replace && named is not null && session.Scalar<long>($"SELECT count(*) FROM {named.ScanSql()} AS kept SEMI JOIN ({news}) AS fresh ON fresh.raw = kept.raw", job.Cancel) > 0;
            if (again) mode = CommitMode.Overwrite;
            var rows = transaction.Write(session, news, new WriteOptions { Mode = mode }, job.Cancel).Sum(f => f.Rows ?? 0);
            if (named is not null && mode == CommitMode.Overwrite)
                transaction.Write(session, again ? $"SELECT kept.* FROM {named.ScanSql()} AS kept ANTI JOIN ({news}) AS fresh ON fresh.raw = kept.raw" : $"SELECT * FROM {named.ScanSql()} AS kept", new WriteOptions { Mode = mode }, job.Cancel);
            return new DatasetRejects(job, transaction, mode, rows);
        }
        catch
        {
            transaction.Dispose();
            throw;
        }
    }

    /// <summary>Commits them; the main commit has to come next.</summary>
    /// <returns>What it has to name.</returns>
    public string Commit()
    {
        // Another run or attempt that writes at the same time: one of them has to begin again, or its version would hold the rejects of both.
        var turn = $"{job.Request.ApplicationId}/rejects";
        var commit = transaction.Commit(
            new CommitOptions { Mode = mode, Transaction = (turn, (transaction.Base?.TransactionVersion(turn) ?? 0) + 1), Description = $"Rows that {job.Dataset.Table} refused" }, job.Cancel);
        if (commit.AlreadyCommitted)
            throw new JobFailedException("FF2060", $"Another run of this job wrote to its rejects at the same time. Nothing was published.", "The next attempt begins from what is there then.", transient: true);
        return string.Create(CultureInfo.InvariantCulture, $"{Table.LayerName}/{Table.Name}@{commit.Version}");
    }

    /// <summary>Tells the catalog how many rows were refused for which checks, from the rejects that count: each row once.</summary>
    /// <param name="place">As the main commit names them; null when there are none.</param>
    public static void Tell(DatasetJob job, DuckSession session, string? place)
    {
        var known = job.Catalog.Rejects;
        if (Named(job.Lake, TableName.Parse(job.Dataset.Table), place) is { } rejects)
            known.Replace(job.Dataset.Table, [.. session.Rows($"SELECT run_id, message, count(*) FROM {rejects.ScanSql()} GROUP BY ALL").Select(r => new RejectSummary(job.Dataset.Table, (string)r[0]!, (string)r[1]!, (long)r[2]!) { Open = (long)r[2]! })]);
        else if (place is null && known.OfTable(job.Dataset.Table).Count > 0)
            known.Replace(job.Dataset.Table, []);
    }

    public void Dispose() => transaction.Dispose();

    // A place is FOLDER@VERSION. Null for none, and for one of which the version was cleaned away or the table deleted.
    private static TableSnapshot? Named(LakeStore lake, TableName main, string? place)
    {
        if (place is null || !long.TryParse(place.AsSpan(place.LastIndexOf('@') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version)) return null;
        var table = lake.Table(NameFor(main));
        try { return table.At(version); }
        catch (LakeException) { return table.Latest(); }
    }

    private static string Failing(DatasetJob job, string scan, CheckRun run, IReadOnlyList<CheckDefinition> checks)
    {
        var reasons = string.Join(", ", checks.Select(c => $"CASE WHEN {run.RowCondition(c)} THEN {SqlText.Literal(c.Kind.ToText())} END"));
        var messages = string.Join(", ", checks.Select(c => $"CASE WHEN {run.RowCondition(c)} THEN {SqlText.Literal(c.Title)} END"));
        return $"""
            SELECT {SqlText.Literal(job.Request.RunId)} AS run_id, {SqlText.Literal(job.Request.Pipeline)} AS pipeline, {SqlText.Literal(job.Request.JobId)} AS job, {SqlText.Literal(job.Dataset.Table.ToString())} AS table_name,
              array_to_string(list_filter([{reasons}], lambda r: r IS NOT NULL), ', ') AS reason,
              array_to_string(list_filter([{messages}], lambda r: r IS NOT NULL), ', ') AS message,
              CAST(NULL AS VARCHAR) AS column_name, CAST(to_json(rejected) AS VARCHAR) AS raw,
              {SqlText.Literal((object)job.Request.RunTime)} AS rejected_at
            FROM {scan} AS rejected WHERE {run.FailsAny(checks)}
            """;
    }
}
