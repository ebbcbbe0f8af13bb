using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using FlowForge.Notebooks.Sessions.Documents;

namespace FlowForge.Notebooks.Sessions.Headless;

/// <summary>What can be said of a notebook's code without a kernel. Pure.</summary>
public static partial class NotebookCode
{
    /// <summary>Texts of the SQL cells.</summary>
    public static IEnumerable<string> Sql(NotebookDocument document) => document.Cells.Where(c => c.Kind == NotebookCellKind.Sql && !string.IsNullOrWhiteSpace(c.Source)).Select(c => c.Source);

    /// <summary>Texts of the C# cells.</summary>
    public static IEnumerable<string> CSharp(NotebookDocument document) => document.Cells.Where(c => c.Kind == NotebookCellKind.CSharp).Select(c => c.Source);

    /// <summary>Names in any text that look like tables of the lake, each once.</summary>
    public static IEnumerable<string> Mentions(string text) => Table().Matches(text).Select(m => m.Value.ToLowerInvariant()).Distinct();

    /// <summary>Hash of what the cells that run say.</summary>
    public static string Hash(NotebookDocument document) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', document.Cells
        .Where(c => c.Kind is NotebookCellKind.Sql or NotebookCellKind.CSharp).Select(c => $"{c.Kind} {c.ResultName} {c.Source}")))).AsSpan(0, 16));

    [GeneratedRegex(@"\b(bronze|silver|gold)\.[A-Za-z_][A-Za-z0-9_]*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Table();
}
