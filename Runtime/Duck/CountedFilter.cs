using System.Globalization;
using System.Runtime.InteropServices;

namespace FlowForge.Duck;

/// <summary>
/// Counts rows in the pass in which they are read, those that a condition leaves out and those that it lets through: what is then missing elsewhere was lost there, and does not count as left out.
/// For one pass over the rows, in one session's instance.
/// </summary>
/// <param name="session">Where the SELECT will run; its whole instance gets a function.</param>
public sealed class CountedFilter(DuckSession session)
{
    private static long _names;
    private string? _function;
    private long _leftOut;
    private long _passed;

    /// <summary>Rows for which a condition was not true. Final when the statement is done.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    /// <summary>Rows for which it was true. Final when the statement is done.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>All rows, counted.</summary>
    /// <param name="rows">A SELECT.</param>
    public string Of(string rows) => Of(rows, "true");

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
        var leftOut = MemoryMarshal.AsBytes(passes).Count((byte)0);
        Interlocked.Add(ref _leftOut, leftOut);
        Interlocked.Add(ref _passed, passes.Length - leftOut);
    }
}
