namespace FlowForge.Catalog;

public sealed partial class RunStore
{
    // All of these read only columns of the index runs_by_time, so that no row is touched.
    private const string InWindow = "FROM runs WHERE queued_at >= @from AND queued_at < @to";

    private const string Seconds = "(finished_at - started_at) / 1e6";

    private const string States =
        """
        count(CASE WHEN state = 'succeeded' THEN 1 END) AS succeeded, count(CASE WHEN state = 'failed' THEN 1 END) AS failed,
        count(CASE WHEN state = 'cancelled' THEN 1 END) AS cancelled, count(CASE WHEN state IN ('queued', 'running') THEN 1 END) AS still_open,
        coalesce(sum(rows_loaded), 0) AS rows_loaded
        """;

    /// <summary>Figures of the runs queued in the window that ends at <paramref name="now"/>, and of the window before.</summary>
    /// <param name="window">More than zero.</param>
    /// <param name="buckets">Parts of the window; by default hours for up to two days, days beyond.</param>
    public Overview Overview(TimeSpan window, DateTimeOffset now, int? buckets = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(window, TimeSpan.Zero);
        var count = Math.Clamp(buckets ?? (int)Math.Ceiling(window <= TimeSpan.FromDays(2) ? window.TotalHours : window.TotalDays), 1, 366);
        // A run that was queued this very moment belongs to the window.
        var to = CatalogTime.Read(CatalogTime.Write(now) + 1);
        var from = to - window;
        return _database.Read(s => new Overview(from, to, Figures(s, from, to), Figures(s, from - window, from), Buckets(s, from, to, count)));
    }

    private static OverviewFigures Figures(SqlSession s, DateTimeOffset from, DateTimeOffset to)
    {
        (string, object?)[] range = [("from", CatalogTime.Write(from)), ("to", CatalogTime.Write(to))];
        return s.First(
            $"""
            SELECT count(*) AS runs, {States}, coalesce(sum(rows_read), 0) AS rows_read, coalesce(sum(rows_rejected), 0) AS rows_rejected,
              coalesce(sum(bytes), 0) AS bytes, count({Seconds}) AS finished
            {InWindow}
            """,
            row =>
            {
                var (succeeded, failed, finished) = (row.Long("succeeded"), row.Long("failed"), row.Long("finished"));
                return new OverviewFigures(
                    row.Long("runs"), succeeded, failed, row.Long("cancelled"), row.Long("still_open"),
                    succeeded + failed == 0 ? null : (double)succeeded / (succeeded + failed),
                    row.Long("rows_read"), row.Long("rows_loaded"), row.Long("rows_rejected"), row.Long("bytes"),
                    Percentile(0.5, finished), Percentile(0.95, finished));
            },
            range)!;

        // Nearest rank: the smallest duration that at least this share of the runs did not exceed.
        double? Percentile(double share, long finished) => finished == 0
            ? null
            : s.Rows(
                $"SELECT {Seconds} AS seconds {InWindow} AND {Seconds} IS NOT NULL ORDER BY 1 LIMIT 1 OFFSET @offset",
                r => r.RealOrNull("seconds"), [.. range, ("offset", (long)Math.Ceiling(share * finished) - 1)])[0];
    }

    private static OverviewBucket[] Buckets(SqlSession s, DateTimeOffset from, DateTimeOffset to, int count)
    {
        var start = CatalogTime.Write(from);
        var width = Math.Max(1, (CatalogTime.Write(to) - start + count - 1) / count);
        var buckets = new OverviewBucket[count];
        for (var i = 0; i < count; i++)
        {
            buckets[i] = new OverviewBucket(CatalogTime.Read(start + i * width), 0, 0, 0, 0, 0, null);
        }
        var rows = s.Rows(
            $"SELECT (queued_at - @from) / @width AS bucket, {States}, avg({Seconds}) AS mean {InWindow} GROUP BY 1",
            row => (Bucket: row.Int("bucket"), Succeeded: row.Long("succeeded"), Failed: row.Long("failed"), Cancelled: row.Long("cancelled"),
                Open: row.Long("still_open"), Loaded: row.Long("rows_loaded"), Mean: row.RealOrNull("mean")),
            ("from", start), ("to", CatalogTime.Write(to)), ("width", width));
        foreach (var row in rows)
        {
            buckets[row.Bucket] = new OverviewBucket(buckets[row.Bucket].From, row.Succeeded, row.Failed, row.Cancelled, row.Open, row.Loaded, row.Mean);
        }
        return buckets;
    }
}
