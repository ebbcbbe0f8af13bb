namespace FlowForge.Catalog;

/// <summary>
/// The writer lease of tables, and the pinned version of their <c>txn</c> action (DESIGN §5.4). Thread-safe, durable.
/// <para>
/// A claim is held from the grant until it is released or its run is no longer open. Its pin outlives the release: the same
/// (run, job) that asks again gets the same version, so that it sees whether it has committed. Pins of a table never repeat.
/// </para>
/// </summary>
public sealed class ClaimStore
{
    private readonly CatalogDatabase _database;

    internal ClaimStore(CatalogDatabase database) => _database = database;

    /// <summary>Takes the table for a job of a run.</summary>
    /// <param name="table">With layer.</param>
    /// <param name="runId">A run that <see cref="RunStore.Create"/> has recorded.</param>
    /// <param name="lastTxn">
    /// Reads the last <c>txn</c> version of this pipeline and job in the table's log, 0 when there is none. That may take its time, so nothing is locked meanwhile; it is called again
    /// when a claim of the table was made or given up since.
    /// </param>
    /// <returns>The pinned version, or the open run that holds the table.</returns>
    /// <exception cref="InvalidOperationException">The run is unknown.</exception>
    public ClaimResult TryClaim(string table, string runId, string jobId, Func<long> lastTxn)
    {
        while (true)
        {
            var (application, holder, claims) = _database.Read(s => (Application(s, table, runId, jobId), OtherHolder(s, table, runId), Claims(s, table)));
            if (holder is not null) return ClaimResult.Busy(holder);
            var observed = lastTxn();
            if (_database.Write(s => Claim(s, table, runId, jobId, application, observed, claims)) is { } result) return result;
        }
    }

    /// <summary>Null when the claims of the table are no longer those that there were before the log was read: what was read may be old.</summary>
    private static ClaimResult? Claim(SqlSession s, string table, string runId, string jobId, string application, long observed, string claims)
    {
        if (OtherHolder(s, table, runId) is { } holder) return ClaimResult.Busy(holder);
        if (Claims(s, table) != claims) return null;
        var own = Pin(s, table, runId, jobId);
        var version = own is { } pin && Keeps(s, table, application, pin, observed) ? pin : NextVersion(s, table, application, observed);
        s.Execute(
            """
            INSERT INTO claims (table_name, run_id, job_id, application, txn_version, observed_txn, claimed_at, released_at)
            VALUES (@table, @run, @job, @application, @version, @observed, @at, NULL)
            ON CONFLICT (table_name, run_id, job_id) DO UPDATE SET released_at = NULL, claimed_at = excluded.claimed_at,
              observed_txn = CASE WHEN claims.txn_version = excluded.txn_version THEN claims.observed_txn ELSE excluded.observed_txn END,
              txn_version = excluded.txn_version
            """,
            ("table", table), ("run", runId), ("job", jobId), ("application", application), ("version", version), ("observed", observed),
            ("at", CatalogTime.Write(DateTimeOffset.UtcNow)));
        return ClaimResult.Granted(version);
    }

    private static string Application(SqlSession s, string table, string runId, string jobId) =>
        $"{s.First("SELECT pipeline FROM runs WHERE run_id = @run", r => r.Text("pipeline"), ("run", runId)) ?? throw new InvalidOperationException($"Run {runId} is not in the catalog: record it before it claims {table}.")}/{jobId}";

    private static string? OtherHolder(SqlSession s, string table, string runId) => s.First(
        """
        SELECT c.run_id FROM claims c JOIN runs r ON r.run_id = c.run_id
        WHERE c.table_name = @table AND c.released_at IS NULL AND c.run_id <> @run AND r.state IN ('queued', 'running')
        """,
        r => r.Text("run_id"), ("table", table), ("run", runId));

    /// <summary>Another text after every claim and every release of the table.</summary>
    private static string Claims(SqlSession s, string table) => s.First(
        "SELECT printf('%d %d %d %d', count(*), sum(txn_version), max(claimed_at), count(released_at) + coalesce(max(released_at), 0)) AS claims FROM claims WHERE table_name = @table",
        r => r.Text("claims"), ("table", table))!;

    /// <summary>
    /// A transaction version that no run has or gets, for a commit that is made outside of runs; null while a run holds the table. It is noted like a claim that was released, so that a
    /// run from before, which is tried again after it, can tell that commit from its own.
    /// </summary>
    /// <param name="application">Pipeline and job.</param>
    /// <param name="lastTxn">As for <see cref="TryClaim"/>.</param>
    public long? NextUnused(string table, string application, Func<long> lastTxn)
    {
        while (true)
        {
            var (holder, claims) = _database.Read(s => (OtherHolder(s, table, ""), Claims(s, table)));
            if (holder is not null) return null;
            var observed = lastTxn();
            var (isUpToDate, version) = _database.Write(s => OtherHolder(s, table, "") is not null ? (true, (long?)null) : Claims(s, table) == claims ? (true, Outside(s, table, application, observed)) : (false, null));
            if (isUpToDate) return version;
        }
    }

    private static long Outside(SqlSession s, string table, string application, long observed)
    {
        var version = NextVersion(s, table, application, observed);
        s.Execute(
            """
            INSERT INTO claims (table_name, run_id, job_id, application, txn_version, observed_txn, claimed_at, released_at)
            VALUES (@table, @run, @job, @application, @version, @observed, @at, @at)
            """,
            ("table", table), ("run", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"outside-{version}")), ("job", application[(application.IndexOf('/', StringComparison.Ordinal) + 1)..]),
            ("application", application), ("version", version), ("observed", observed), ("at", CatalogTime.Write(DateTimeOffset.UtcNow)));
        return version;
    }

    /// <summary>Gives up the claims of a run, or of one of its jobs. The pins stay. May be repeated.</summary>
    public void Release(string runId, string? jobId = null) => _database.Write(s => s.Execute(
        $"UPDATE claims SET released_at = @at WHERE run_id = @run AND released_at IS NULL {(jobId is null ? "" : "AND job_id = @job")}",
        ("run", runId), ("job", jobId), ("at", CatalogTime.Write(DateTimeOffset.UtcNow))));

    /// <summary>The open run that holds the table; null when it is free.</summary>
    public string? Holder(string table) => _database.Read(s => s.First(
        """
        SELECT c.run_id FROM claims c JOIN runs r ON r.run_id = c.run_id
        WHERE c.table_name = @table AND c.released_at IS NULL AND r.state IN ('queued', 'running')
        """,
        r => r.Text("run_id"), ("table", table)));

    private static long? Pin(SqlSession s, string table, string runId, string jobId) => s.Rows(
        "SELECT txn_version FROM claims WHERE table_name = @table AND run_id = @run AND job_id = @job",
        r => (long?)r.Long("txn_version"), ("table", table), ("run", runId), ("job", jobId)).FirstOrDefault();

    private static long NextVersion(SqlSession s, string table, string application, long observed) => 1 + Math.Max(
        observed,
        s.Number(
            "SELECT coalesce(max(txn_version), 0) FROM claims WHERE table_name = @table AND application = @application",
            ("table", table), ("application", application)));

    /// <summary>
    /// Whether an earlier pin may be used again. It may while the table has not gone beyond it: then nobody but this job can have
    /// committed it. Once a later claim stepped in, what that claim saw tells: at or beyond the pin means that this job had committed
    /// (the lake will answer "already done"); below it means that it had not, and its old version would now be taken for done.
    /// </summary>
    private static bool Keeps(SqlSession s, string table, string application, long pin, long observed) =>
        observed <= pin
        || s.Rows(
            """
            SELECT observed_txn FROM claims WHERE table_name = @table AND application = @application AND txn_version > @pin
            ORDER BY txn_version LIMIT 1
            """,
            r => (long?)r.Long("observed_txn"), ("table", table), ("application", application), ("pin", pin)).FirstOrDefault() is not { } seen
        || seen >= pin;
}
