namespace FlowForge.Catalog;

public sealed partial class RunStore
{
    // Only columns of the index runs_by_time, so that no row is touched. What can be summed SQLite sums; percentiles are taken here, since in SQL they
    // sort once for each figure, which took three times as long at 50,000 runs. Part -1 is the window before.
    private const string Sums =
        """
        SELECT CASE WHEN queued_at < @start THEN -1 ELSE (queued_at - @start) / @width END AS part,
          CASE state WHEN 'succeeded' THEN 2 WHEN 'failed' THEN 3 WHEN 'cancelled' THEN 4 WHEN 'held' THEN 6 ELSE 0 END AS word,
          count(*), sum(rows_read), sum(rows_loaded), sum(rows_rejected), sum(bytes)
        FROM runs WHERE queued_at >= @from AND queued_at < @to GROUP BY part, word
        """;

    private const string Durations =
        "SELECT queued_at, finished_at - started_at FROM runs WHERE queued_at >= @from AND queued_at < @to AND finished_at IS NOT NULL AND started_at IS NOT NULL";

    /// <summary>Figures of the runs queued in the window that ends at <paramref name="now"/>, and of the window before.</summary>
    /// <param name="window">More than zero.</param>
    /// <param name="buckets">Parts of the window; by default hours for up to two days, days beyond.</param>
    public Overview Overview(TimeSpan window, DateTimeOffset now, int? buckets = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(window, TimeSpan.Zero);
        var count = Math.Clamp(buckets ?? (int)Math.Ceiling(window <= TimeSpan.FromDays(2) ? window.TotalHours : window.TotalDays), 1, 366);
        // A run that was queued this very moment belongs to the window.
        var end = CatalogTime.Write(now) + 1;
        var (from, to) = (CatalogTime.Read(end) - window, CatalogTime.Read(end));
        var start = CatalogTime.Write(from);
        var width = Math.Max(1, (end - start + count - 1) / count);
        var (current, previous) = (new RunTally(), new RunTally());
        RunTally[] parts = [.. Enumerable.Range(0, count).Select(_ => new RunTally())];
        (string, object?)[] both = [("from", CatalogTime.Write(from - window)), ("to", end)];
        _database.Read(s =>
        {
            s.Each(Sums, row =>
            {
                var part = row.Long(0);
                (part < 0 ? previous : current).Add(row);
                if (part >= 0) parts[part].Add(row);
            }, [.. both, ("start", start), ("width", width)]);
            s.Each(Durations, row =>
            {
                var (at, took) = (row.Long(0), row.Long(1));
                (at < start ? previous : current).Took(took);
                if (at >= start) parts[(at - start) / width].Took(took);
            }, both);
            return true;
        });
        return new Overview(
            from, to, current.Figures(), previous.Figures(), [.. parts.Select((part, i) => part.Bucket(CatalogTime.Read(start + i * width)))]);
    }

    /// <summary>Sums over some runs.</summary>
    private sealed class RunTally
    {
        private readonly long[] _states = new long[Enum.GetValues<RunState>().Length];
        private readonly List<long> _durations = [];
        private long _read, _loaded, _rejected, _bytes;

        private long Succeeded => _states[(int)RunState.Succeeded];

        private long Failed => _states[(int)RunState.Failed];

        private long Cancelled => _states[(int)RunState.Cancelled];

        private long Open => _states[0];

        /// <param name="row">Sums of the runs of one state.</param>
        public void Add(SqlRow row)
        {
            _states[row.Long(1)] += row.Long(2);
            _read += row.Long(3);
            _loaded += row.Long(4);
            _rejected += row.Long(5);
            _bytes += row.Long(6);
        }

        public void Took(long microseconds) => _durations.Add(microseconds);

        public OverviewFigures Figures()
        {
            _durations.Sort();
            return new OverviewFigures(
                _states.Sum(), Succeeded, Failed, Cancelled, Open, Succeeded + Failed == 0 ? null : (double)Succeeded / (Succeeded + Failed),
                _read, _loaded, _rejected, _bytes, Percentile(50), Percentile(95));
        }

        public OverviewBucket Bucket(DateTimeOffset from)
        {
            _durations.Sort();
            return new OverviewBucket(
                from, Succeeded, Failed, Cancelled, Open, _loaded, _durations.Count == 0 ? null : _durations.Average() / 1e6, Percentile(95));
        }

        /// <summary>Nearest rank: the smallest duration that at least this share of the runs did not exceed, in seconds.</summary>
        private double? Percentile(int percent) => _durations.Count == 0 ? null : _durations[(_durations.Count * percent + 99) / 100 - 1] / 1e6;
    }
}
