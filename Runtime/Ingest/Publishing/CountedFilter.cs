using System.Globalization;
using System.Runtime.InteropServices;
using FlowForge.Duck;

namespace FlowForge.Ingest.Publishing;

/// <summary>
/// Leaves rows out and counts them while it does, in the same pass: <em>filtered</em> is then what was seen to fail a condition, and not what is missing at the end, so that a row which
/// gets lost on the way to the condition does not count as one. For one pass over the rows, in one session's instance.
/// </summary>
internal sealed class CountedFilter(DuckSession session)
{
    private static long _names;
    private string? _function;
    private long _leftOut;

    /// <summary>Rows for which a condition was not true. Final when the statement is done.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    /// <summary>The rows for which a condition is true.</summary>
    /// <param name="rows">A SELECT.</param>
    /// <param name="condition">Over its columns. What WHERE takes.</param>
    public string Of(string rows, string condition)
    {
        if (_function is null)
        {
            _function = string.Create(CultureInfo.InvariantCulture, $"ff_passes_{Interlocked.Increment(ref _names)}");
            session.RegisterScalar<bool, bool>(_function, Count, isVolatile: true);
        }
        // A column, and not a condition of its own: the engine may change the order of conditions, but none of them comes before a column that must be made for each row.
        return $"SELECT * EXCLUDE (_ff_passes) FROM (SELECT *, {_function}(coalesce(CAST(({condition}\n) AS BOOLEAN), false)) AS _ff_passes FROM ({rows}) AS rows_read) AS rows_judged WHERE _ff_passes";
    }

    private void Count(ReadOnlySpan<bool> passes, Span<bool> output)
    {
        passes.CopyTo(output);
        Interlocked.Add(ref _leftOut, MemoryMarshal.AsBytes(passes).Count((byte)0));
    }
}
