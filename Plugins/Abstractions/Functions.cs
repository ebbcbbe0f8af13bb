namespace FlowForge.Plugins;

/// <summary>
/// Makes a public static method of a public class a function in SQL: of datasets, of their checks and tests, and of queries over the lake. Runs in the runtime's own process, on
/// several threads at a time; it must not keep its arguments.
/// <list type="bullet">
/// <item>Over values: parameters and result are bool, integers, float, double, string, DateOnly, DateTime (no zone), DateTimeOffset, Guid or byte[]. A parameter that is not nullable
/// is never null: a NULL there gives NULL without a call.</item>
/// <item>Over columns, the fastest way: parameters and result are array classes (<c>Int64Array</c>, <c>StringArray</c> …), which see NULLs. One call has up to 2,048 rows; the arrays of
/// the arguments belong to the runtime, the one that is returned passes to it and has as many values.</item>
/// <item>A table: the result is <c>IEnumerable&lt;T&gt;</c> of records, whose public properties are the columns of <c>SELECT * FROM name(arguments)</c>; parameters are bool, int, long, double or string.</item>
/// </list>
/// </summary>
/// <param name="name">Lower case, digits and <c>_</c>; none of DuckDB's own.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SqlFunctionAttribute(string name) : Attribute
{
    public string Name { get; } = name;
    /// <summary>One sentence: what it gives.</summary>
    public string? Description { get; init; }
    /// <summary>Gives another value each time: it is called for every row, and datasets that call it are built in every run.</summary>
    public bool IsVolatile { get; init; }
}
