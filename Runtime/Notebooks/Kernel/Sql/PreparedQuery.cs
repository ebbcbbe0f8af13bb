namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>A cell's SQL, ready to run.</summary>
/// <param name="Text">With the names of tables replaced by those of pinned views.</param>
/// <param name="Reads">What was pinned, as <c>gold.delays@12</c>.</param>
/// <param name="IsSelect">One SELECT: it can be run again for other rows. Otherwise any statements, run once.</param>
internal sealed record PreparedQuery(EditedText Text, IReadOnlyList<string> Reads, bool IsSelect);
