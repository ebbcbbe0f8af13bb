using System.Globalization;
using FlowForge.Columnar;

namespace FlowForge.Duck;

public sealed partial class DuckSession
{
    /// <summary>
    /// A small result as CLR values: long for all integers (UBIGINT and HUGEINT as decimal, BigInteger beyond its range), double, decimal, string,
    /// bool, DateOnly, TimeSpan (time of day), DateTime (UTC kind for TIMESTAMPTZ), <see cref="CalendarInterval"/>, byte[], Guid,
    /// List&lt;object?&gt;, Dictionary&lt;string, object?&gt; (struct, map), null.
    /// </summary>
    public IReadOnlyList<object?[]> Rows(string sql, CancellationToken ct = default, params object?[] args) => [.. EachRow(sql, ct, args)];

    /// <summary>As <see cref="Rows"/>, one after the other: who stops early leaves the rest unread.</summary>
    public IEnumerable<object?[]> EachRow(string sql, CancellationToken ct = default, params object?[] args) => RowsWhile(sql, static (_, _) => true, ct, args);

    /// <summary>As <see cref="EachRow"/>, up to the first row that is not wanted; that one is not made into CLR values, which may take many times its columns' memory.</summary>
    /// <param name="isWanted">Asked once for each row, in order: its batch (borrowed) and its index there.</param>
    public IEnumerable<object?[]> RowsWhile(string sql, Func<RecordBatch, int, bool> isWanted, CancellationToken ct = default, params object?[] args)
    {
        using var reader = Query(sql, ct, args);
        while (reader.Next() is { } batch)
        {
            using (batch)
            {
                for (var r = 0; r < batch.Length; r++)
                {
                    if (!isWanted(batch, r)) yield break;
                    var row = new object?[batch.ColumnCount];
                    for (var c = 0; c < row.Length; c++) row[c] = ClrValue.Of(batch.Column(c).GetObject(r));
                    yield return row;
                }
            }
        }
    }

    /// <summary>
    /// First column of the first row; default without rows or for NULL. Numbers are converted to <typeparamref name="T"/> when they
    /// fit.
    /// </summary>
    /// <exception cref="InvalidCastException">The value is no <typeparamref name="T"/>; the message names both types.</exception>
    public T? Scalar<T>(string sql, CancellationToken ct = default, params object?[] args)
    {
        using var reader = Query(sql, ct, args);
        using var batch = reader.Next();
        return batch is null || batch.ColumnCount == 0 ? default : ClrValue.As<T>(ClrValue.Of(batch.Column(0).GetObject(0)));
    }
}

/// <summary>The CLR values that <see cref="DuckSession.Rows"/> promises.</summary>
internal static class ClrValue
{
    public static object? Of(object? value) => value switch
    {
        sbyte v => (long)v,
        byte v => (long)v,
        short v => (long)v,
        ushort v => (long)v,
        int v => (long)v,
        uint v => (long)v,
        ulong v => (decimal)v,
        float v => (double)v,
        Half v => (double)v,
        TimeOnly v => v.ToTimeSpan(),
        List<object?> v => v.ConvertAll(Of),
        Dictionary<string, object?> v => v.ToDictionary(p => p.Key, p => Of(p.Value)),
        _ => value,
    };

    public static T? As<T>(object? value)
    {
        switch (value)
        {
            case null: return default;
            case T same: return same;
        }
        var target = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        try
        {
            if (value is System.Numerics.BigInteger big && target == typeof(Int128)) return (T)(object)(Int128)big;
            if (target == typeof(Int128)) return (T)(object)(Int128)Convert.ToDecimal(value, CultureInfo.InvariantCulture);
            if (target == typeof(TimeOnly) && value is TimeSpan time) return (T)(object)TimeOnly.FromTimeSpan(time);
            if (target == typeof(DateTimeOffset) && value is DateTime stamp) return (T)(object)new DateTimeOffset(DateTime.SpecifyKind(stamp, DateTimeKind.Utc));
            if (value is IConvertible && target != typeof(string)) return (T)Convert.ChangeType(value, target, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException)
        {
            throw new InvalidCastException($"The query gave {value} ({value.GetType().Name}), which does not fit {target.Name}.", e);
        }
        throw new InvalidCastException($"The query gave {value} ({value.GetType().Name}), which is no {target.Name}.");
    }
}
