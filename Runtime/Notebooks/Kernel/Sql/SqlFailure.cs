using FlowForge.Duck;
using FlowForge.Notebooks.Kernel.Hosting;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>DuckDB's errors as errors of a cell: the kind taken off the front, the quoted line off the end, the place in the cell's own text.</summary>
internal static class SqlFailure
{
    public static CellFailure Of(DuckException error, EditedText? text)
    {
        if (error is { Kind: DuckErrorKind.Managed, InnerException: { } inner })
            return new CellFailure(inner.GetType().FullName ?? "", inner.Message);
        var message = error.Message;
        var quoted = message.LastIndexOf("\nLINE ", StringComparison.Ordinal);
        if (quoted > 0) message = message[..quoted].TrimEnd();
        var colon = message.IndexOf(": ", StringComparison.Ordinal);
        var hasKind = colon > 0 && message[..colon].EndsWith("Error", StringComparison.Ordinal);
        var kind = hasKind ? message[..colon] : error.Kind + " Error";
        var place = text is not null && error.Position is { } position ? text.Place(position) : ((int Line, int Column)?)null;
        return new CellFailure(kind, hasKind ? message[(colon + 2)..] : message, place?.Line, place?.Column);
    }
}
