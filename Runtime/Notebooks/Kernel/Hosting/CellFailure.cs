namespace FlowForge.Notebooks.Kernel.Hosting;

/// <summary>What is wrong with a cell, in the cell's own lines.</summary>
internal sealed class CellFailure(string kind, string message, int? line = null, int? column = null, IReadOnlyList<string>? trace = null) : Exception(message)
{
    public string Kind => kind;
    public int? Line => line;
    public int? Column => column;
    public IReadOnlyList<string> Trace => trace ?? [];
}
