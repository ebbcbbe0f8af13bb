using FlowForge.Catalog;

namespace FlowForge.Ingest.Types;

/// <summary>The <c>date_format</c> and <c>timestamp_format</c> of a job without a schema: a column whose values are all written so is one of dates or times.</summary>
internal sealed class GivenFormats
{
    private readonly (string Pattern, TimeFormat Format)? _date, _time;

    private GivenFormats(string? date, string? time) => (_date, _time) = (Parse("date_format", date), Parse("timestamp_format", time));

    /// <summary>Null when neither is given.</summary>
    /// <exception cref="JobFailedException">One of them is no pattern.</exception>
    public static GivenFormats? Of(string? date, string? time) => date is null && time is null ? null : new GivenFormats(date, time);

    /// <summary>Notes whether a value is written so.</summary>
    public void Observe(ColumnFacts facts, ReadOnlySpan<byte> text)
    {
        facts.HasFormatted = true;
        facts.IsOtherDate |= _date is not { } date || !date.Format.TryRead(text, out var day) || day % 86_400_000_000L != 0;
        facts.IsOtherTime |= _time is not { } time || !time.Format.TryRead(text, out _);
    }

    /// <summary>The type of a column of such values; null when they are written in another way.</summary>
    public ColumnType? TypeOf(ColumnFacts facts) => !facts.HasFormatted ? null
        : !facts.IsOtherDate ? new ColumnType(TypeKind.Date, Format: _date!.Value.Pattern)
        : !facts.IsOtherTime ? new ColumnType(_time!.Value.Pattern.Contains("%z", StringComparison.Ordinal) ? TypeKind.TimestampTz : TypeKind.Timestamp, Format: _time.Value.Pattern)
        : null;

    private static (string, TimeFormat)? Parse(string setting, string? pattern)
    {
        if (pattern is null) return null;
        try { return (pattern, TimeFormat.Parse(pattern)); }
        catch (FormatException e) { throw new JobFailedException("FF2001", $"config.{setting}: {e.Message}", "Correct the pattern.", inner: e); }
    }
}
