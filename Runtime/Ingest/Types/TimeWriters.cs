namespace FlowForge.Ingest.Types;

internal sealed class DateWriter(ColumnType type) : FixedWriter<int>(type)
{
    private readonly TimeFormat? _format = type.Format is null ? null : TimeFormat.Parse(type.Format);
    private bool _any;

    public override bool TryAppend(ReadOnlySpan<byte> text)
    {
        text = ColumnFacts.Trim(text);
        if (_format is not null) return _format.TryRead(text, out var formatted) && formatted % 86_400_000_000L == 0 && (_any = true) && Add((int)(formatted / 86_400_000_000L));
        return TemporalText.TryParse(text, out var value) && (value.Orders & Type.Order) != 0 && !value.HasTime && (_any = true) && Add(value.Days(Type.Order));
    }

    public override void AddFacts(ColumnFacts facts)
    {
        if (!_any) return;
        // Beside other values these are texts: only with the pattern they are more.
        facts.HasText |= _format is not null;
        facts.HasTemporal = facts.LacksZone = true;
        facts.Orders &= Type.Order;
    }
}

/// <summary>With a zone: microseconds of the instant; without: of the clock reading, and texts with a zone are refused.</summary>
internal sealed class TimestampWriter(ColumnType type) : FixedWriter<long>(type)
{
    private readonly TimeFormat? _format = type.Format is null ? null : TimeFormat.Parse(type.Format);
    private bool _any;

    public override bool TryAppend(ReadOnlySpan<byte> text)
    {
        text = ColumnFacts.Trim(text);
        if (_format is not null) return _format.TryRead(text, out var formatted) && (_any = true) && Add(formatted);
        return TemporalText.TryParse(text, out var value) && (value.Orders & Type.Order) != 0
            && (value.HasZone ? Type.Kind == TypeKind.TimestampTz : Type.Kind == TypeKind.Timestamp) && (_any = true) && Add(value.Micros(Type.Order));
    }

    public override void AddFacts(ColumnFacts facts)
    {
        if (!_any) return;
        // Beside other values these are texts: only with the pattern they are more.
        facts.HasText |= _format is not null;
        facts.HasTemporal = facts.HasTime = true;
        facts.HasZone |= Type.Kind == TypeKind.TimestampTz;
        facts.LacksZone |= Type.Kind == TypeKind.Timestamp;
        facts.Orders &= Type.Order;
    }
}

internal sealed class TimeWriter(ColumnType type) : FixedWriter<long>(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text)
    {
        // A time is the second half of a timestamp.
        text = ColumnFacts.Trim(text);
        Span<byte> stamp = stackalloc byte[40];
        if (text.Length > 25) return false;
        "2000-01-01 "u8.CopyTo(stamp);
        text.CopyTo(stamp[11..]);
        return TemporalText.TryParse(stamp[..(11 + text.Length)], out var value) && value is { HasTime: true, HasZone: false } && Add(value.MicrosOfDay);
    }
}
