namespace FlowForge.Catalog;

/// <summary>How many rows tables refused, by run and reason. Thread-safe.</summary>
public sealed class RejectSummaryStore
{
    private readonly CatalogDatabase _database;

    internal RejectSummaryStore(CatalogDatabase database) => _database = database;

    /// <summary>Replaces what is known of a table's rejects in a run.</summary>
    public void Record(string table, string runId, IReadOnlyDictionary<string, long> countsByReason) => _database.WriteQuick(
        s =>
        {
            s.Execute("DELETE FROM reject_summaries WHERE table_name = @table AND run_id = @run", ("table", table), ("run", runId));
            foreach (var (reason, count) in countsByReason)
            {
                s.Execute(
                    "INSERT INTO reject_summaries (table_name, run_id, reason, row_count, open_count) VALUES (@table, @run, @reason, @count, @count)",
                    ("table", table), ("run", runId), ("reason", reason), ("count", count));
            }
            return 0;
        },
        new CatalogChange(CatalogChangeKind.Table, table));

    /// <summary>Replaces all that is known of a table's rejects.</summary>
    public void Replace(string table, IReadOnlyList<RejectSummary> summaries) => _database.WriteQuick(
        s =>
        {
            s.Execute("DELETE FROM reject_summaries WHERE table_name = @table", ("table", table));
            foreach (var summary in summaries)
            {
                s.Execute(
                    "INSERT INTO reject_summaries (table_name, run_id, reason, row_count, open_count) VALUES (@table, @run, @reason, @count, @open)",
                    ("table", table), ("run", summary.RunId), ("reason", summary.Reason), ("count", summary.Count), ("open", summary.Open));
            }
            return 0;
        },
        new CatalogChange(CatalogChangeKind.Table, table));

    /// <summary>Most frequent reasons first.</summary>
    public IReadOnlyList<RejectSummary> OfRun(string runId) => _database.Read(s => s.Rows(
        "SELECT * FROM reject_summaries WHERE run_id = @run ORDER BY row_count DESC, table_name, reason", Map, ("run", runId)));

    /// <summary>Over all runs, most frequent reasons first; the run id is that of one run with that reason.</summary>
    public IReadOnlyList<RejectSummary> OfTable(string table) => _database.Read(s => s.Rows(
        """
        SELECT table_name, max(run_id) AS run_id, reason, sum(row_count) AS row_count, sum(open_count) AS open_count FROM reject_summaries WHERE table_name = @table
        GROUP BY table_name, reason ORDER BY 4 DESC, reason
        """, Map, ("table", table)));

    private static RejectSummary Map(SqlRow row) => new(row.Text("table_name"), row.Text("run_id"), row.Text("reason"), row.Long("row_count")) { Open = row.Long("open_count") };
}
