using System.Diagnostics;
using System.Globalization;
using FlowForge.Notebooks.Kernel.Hosting;
using Microsoft.CodeAnalysis;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>Errors of C# cells with the cell's line.</summary>
internal static class ScriptFailure
{
    /// <summary>Cells are compiled as files of this name.</summary>
    public static string FileOf(string cell) => "cell:" + cell;

    public static CellFailure Of(IReadOnlyList<Diagnostic> diagnostics)
    {
        var errors = diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).OrderBy(d => d.Location.SourceSpan.Start).ToArray();
        var first = errors[0];
        var place = first.Location.IsInSource ? first.Location.GetLineSpan().StartLinePosition : (Microsoft.CodeAnalysis.Text.LinePosition?)null;
        var message = errors.Length == 1
            ? first.GetMessage(CultureInfo.InvariantCulture)
            : string.Join('\n', errors.Take(20).Select(e =>
                string.Create(CultureInfo.InvariantCulture, $"line {e.Location.GetLineSpan().StartLinePosition.Line + 1}: {e.Id} {e.GetMessage(CultureInfo.InvariantCulture)}")));
        return new CellFailure(first.Id, message, place?.Line + 1, place?.Character + 1);
    }

    public static CellFailure Of(Exception error, string cell)
    {
        while (error is System.Reflection.TargetInvocationException or AggregateException { InnerExceptions.Count: 1 } && error.InnerException is { } inner) error = inner;
        // A mistake in the SQL that the cell passes on has a line, but one of that SQL.
        if (error is CellFailure sql) return new CellFailure(sql.Kind, sql.Message, LineIn(error, cell)?.Line, null, Trace(error));
        var place = LineIn(error, cell);
        var message = error.InnerException is { } cause ? $"{error.Message} ({cause.GetType().Name}: {cause.Message})" : error.Message;
        return new CellFailure(error.GetType().FullName ?? "", message, place?.Line, place?.Column, Trace(error));
    }

    private static (int Line, int Column)? LineIn(Exception error, string cell) =>
        new StackTrace(error, fNeedFileInfo: true).GetFrames().FirstOrDefault(f => f.GetFileName() == FileOf(cell)) is { } frame
            ? (frame.GetFileLineNumber(), frame.GetFileColumnNumber())
            : null;

    private static string[] Trace(Exception error) =>
        [.. new StackTrace(error, fNeedFileInfo: true).GetFrames()
            .Where(f => f.GetFileName()?.StartsWith("cell:", StringComparison.Ordinal) == true)
            .Select(f => $"{Name(f)} in {f.GetFileName()} line {f.GetFileLineNumber()}").Take(50)];

    private static string Name(StackFrame frame)
    {
        var name = frame.GetMethod()?.Name ?? "";
        return name is "MoveNext" or "<Initialize>" ? "cell" : name;
    }
}
