namespace FlowForge.Duck;

/// <summary>A column of a query.</summary>
/// <param name="Name">As in the result.</param>
/// <param name="Type">DuckDB's type text, as <c>DECIMAL(18,2)</c> or <c>STRUCT("a" INTEGER)</c>; usable in a CAST.</param>
public sealed record DuckColumn(string Name, string Type);
