using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>Which rows an incremental run takes: those from the watermark on, less the lag window, or those of the interval of a backfill.</summary>
internal sealed class CursorRange
{
    private readonly JobRequest _request;
    private readonly IngestDefinition _job;
    private readonly string? _cursor;
    private readonly string _type;

    /// <param name="job">Watermark, lag and what becomes of missing values.</param>
    /// <param name="request">Whether it is a backfill or a replay.</param>
    /// <param name="cursor">How far the last run got; null for the first.</param>
    /// <param name="column">The watermark column in the table.</param>
    /// <param name="type">Its DuckDB type.</param>
    /// <exception cref="JobFailedException">The lag window does not go with the type.</exception>
    public CursorRange(IngestDefinition job, JobRequest request, string? cursor, string column, string type)
    {
        (_job, _request, _cursor, _type) = (job, request, cursor, type);
        Column = SqlText.Identifier(column);
        if (request.KeepCursor || request.Replay is not null) return;
        Bound = cursor is not null ? Lagging($"CAST({SqlText.Literal(cursor)} AS {type})") : job.LastWatermarkValue is { } start ? $"CAST({SqlText.Literal(start)} AS {type})" : null;
    }

    /// <summary>Quoted.</summary>
    public string Column { get; }

    /// <summary>SQL of where the run begins, inclusive; null when it takes all.</summary>
    public string? Bound { get; }

    private bool TakesNulls => _job.NullCursor != NullCursor.Exclude;

    /// <summary>The condition for rows that belong to the run; null for all.</summary>
    public string? Within
    {
        get
        {
            if (_request.Replay is not null) return null;
            if (_request.KeepCursor) return Interval;
            return Bound is null ? TakesNulls ? null : $"{Column} IS NOT NULL" : $"{Column} >= {Bound}{(TakesNulls ? $" OR {Column} IS NULL" : "")}";
        }
    }

    /// <summary>SQL of how far the rows reach, never behind the cursor.</summary>
    public string Reached(string rows) => _cursor is null ? $"SELECT CAST(max({Column}) AS VARCHAR) FROM {rows}" : $"SELECT CAST(greatest(max({Column}), CAST({SqlText.Literal(_cursor)} AS {_type})) AS VARCHAR) FROM {rows}";

    /// <summary>Fails the run for a missing value when the job says so.</summary>
    public void CheckNulls(DuckSession session, string rows, CancellationToken ct)
    {
        if (_job.NullCursor != NullCursor.Error || session.Scalar<long>($"SELECT count(*) FROM {rows} WHERE {Column} IS NULL", ct) is not (> 0 and var missing)) return;
        throw new JobFailedException("FF2128", $"{missing} rows have no value in the watermark column {Column.Trim('"')}, and null_cursor is error. Nothing was published.", "Mend the source, or set null_cursor: include or exclude.");
    }

    /// <summary>What the source is asked for, by its own name of the column.</summary>
    /// <param name="session">Computes the bound.</param>
    /// <param name="sourceColumn">The column at the source.</param>
    public Plugins.Watermark? Request(DuckSession session, string sourceColumn)
    {
        if (_request.KeepCursor && Ends is var (from, _)) return new Plugins.Watermark(sourceColumn, session.Scalar<string>($"SELECT CAST(CAST({from} AS {_type}) AS VARCHAR)"));
        return Bound is null ? null : new Plugins.Watermark(sourceColumn, session.Scalar<string>($"SELECT CAST({Bound} AS VARCHAR)")) { IncludeNulls = TakesNulls };
    }

    private bool IsTime => _type == "DATE" || _type.StartsWith("TIMESTAMP", StringComparison.Ordinal);

    // A backfill takes the rows of its interval, if the watermark is a time; rows of another kind of watermark are chosen by the query alone.
    private string? Interval => Ends is var (from, to) ? $"{Column} >= {from} AND {Column} < {to}" : null;

    // A date belongs to the interval when the interval touches its day.
    private (string From, string To)? Ends =>
        _type == "DATE" ? _request.IntervalDays is var (first, next) ? (Day(first), Day(next)) : null
        : IsTime && _request.Interval is { } interval ? (Moment(interval.Start), Moment(interval.End))
        : null;

    private static string Day(DateOnly day) => $"DATE '{day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}'";

    private string Moment(DateTimeOffset time)
    {
        var text = time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        return _type is "TIMESTAMP WITH TIME ZONE" or "TIMESTAMPTZ" ? $"TIMESTAMPTZ '{text}+00'" : $"TIMESTAMP '{text}'";
    }

    private string Lagging(string bound)
    {
        if (_job.LagWindow is not { } lag) return bound;
        if (Durations.Parse(lag) is { } time)
        {
            if (!IsTime) throw Wrong($"is a duration, and the watermark column is {_type}", "a number");
            return $"CAST({bound} - to_microseconds({((long)time.TotalMicroseconds).ToString(CultureInfo.InvariantCulture)}) AS {_type})";
        }
        if (IsTime || _type == "VARCHAR") throw Wrong($"is a number, and the watermark column is {_type}", IsTime ? "a duration such as 15m" : "none: texts have no distance");
        return $"CAST({bound} - {lag} AS {_type})";
    }

    private JobFailedException Wrong(string what, string use) => new("FF2127", $"lag_window '{_job.LagWindow}' {what}. Nothing was published.", $"Use {use}.");
}
