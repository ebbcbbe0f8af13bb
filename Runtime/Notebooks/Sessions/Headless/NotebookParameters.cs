using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FlowForge.Notebooks.Sessions.Documents;

namespace FlowForge.Notebooks.Sessions.Headless;

/// <summary>
/// Parameters of a notebook in papermill's way: the first cell with the tag <c>parameters</c> gives names and defaults, and a run puts a cell with the tag
/// <c>injected-parameters</c> behind it. C# cells declare variables with a value, SQL cells say <c>SET VARIABLE name = value</c>. Pure.
/// </summary>
public static partial class NotebookParameters
{
    public const string Tag = "parameters", InjectedTag = "injected-parameters";

    /// <summary>The parameters in the order of their cell; none when no cell has the tag.</summary>
    public static IReadOnlyList<NotebookParameter> Of(NotebookDocument document) => Find(document) is not { } cell ? []
        : [.. (cell.Kind == NotebookCellKind.Sql ? OfSql(cell.Source) : OfCSharp(cell.Source)).DistinctBy(p => p.Name)];

    /// <summary>Puts the values in; a cell with values of an earlier run goes. Nothing changes when there are no values.</summary>
    /// <exception cref="ParameterException">The notebook has no such parameter, or it cannot have the value.</exception>
    public static void Inject(NotebookDocument document, IReadOnlyDictionary<string, string> values)
    {
        foreach (var old in document.Cells.Where(c => c.Tags.Contains(InjectedTag)).ToArray()) document.Remove(old);
        if (values.Count == 0) return;
        var known = Of(document);
        var lines = values.Select(v => (known.FirstOrDefault(p => p.Name == v.Key) ?? throw Unknown(document, v.Key)).Assignment(v.Value)).ToList();
        var cell = Find(document)!;
        var injected = document.Insert(cell.Kind, string.Join('\n', lines), document.Cells.ToList().IndexOf(cell) + 1);
        injected.Metadata["tags"] = new JsonArray(InjectedTag);
    }

    /// <summary>Why there is no parameter of this name.</summary>
    public static ParameterException Unknown(NotebookDocument document, string name) => new(Of(document) is { Count: > 0 } known
        ? $"The notebook has no parameter '{name}'. It has: {string.Join(", ", known.Select(p => p.Name))}."
        : Find(document) is null ? $"The notebook has no parameter '{name}': none of its cells has the tag 'parameters'."
        : $"The notebook has no parameter '{name}': its parameters cell sets nothing that can be replaced.");

    private static NotebookCell? Find(NotebookDocument document) => document.Cells.FirstOrDefault(c => c.Kind is NotebookCellKind.Sql or NotebookCellKind.CSharp && c.Tags.Contains(Tag));

    private static IEnumerable<NotebookParameter> OfSql(string code)
    {
        foreach (Match match in Assigned().Matches(SqlComment().Replace(code, "")))
        {
            var (name, value) = (match.Groups["name"].Value.Trim('"'), match.Groups["value"].Value.Trim());
            var typed = TypedLiteral().Match(value);
            if (typed.Success) yield return new NotebookParameter(name, ParameterKind.Typed, typed.Groups[1].Value.ToUpperInvariant(), value, IsSql: true);
            else yield return new NotebookParameter(name, KindOf(value) ?? ParameterKind.Text, "", value, IsSql: true);
        }
    }

    private static IEnumerable<NotebookParameter> OfCSharp(string code)
    {
        foreach (Match match in Declared().Matches(CSharpComment().Replace(code, "")))
        {
            var (type, name, value) = (match.Groups["type"].Value.TrimEnd('?'), match.Groups["name"].Value, match.Groups["value"].Value.Trim());
            if (type == "var") type = KindOf(value) switch
            {
                ParameterKind.Integer => value[^1] is 'L' or 'l' ? "long" : "int",
                ParameterKind.Number => value[^1] is 'm' or 'M' ? "decimal" : value[^1] is 'f' or 'F' ? "float" : "double",
                ParameterKind.Flag => "bool",
                ParameterKind.Text => "string",
                _ => TypeOfCall().Match(value) is { Success: true } call ? call.Groups[1].Value : "",
            };
            if (type.Length == 0 || type is "using" or "return" or "await" or "const") continue;
            yield return new NotebookParameter(name, type switch
            {
                "string" or "String" => ParameterKind.Text,
                "int" or "long" or "short" or "byte" or "uint" or "ulong" => ParameterKind.Integer,
                "double" or "float" or "decimal" => ParameterKind.Number,
                "bool" => ParameterKind.Flag,
                _ => ParameterKind.Typed,
            }, type, value, IsSql: false);
        }
    }

    /// <summary>What a literal of either language is; null for anything else.</summary>
    private static ParameterKind? KindOf(string literal) =>
        literal.Length == 0 ? null
        : literal[0] is '\'' or '"' || literal.StartsWith("@\"", StringComparison.Ordinal) ? ParameterKind.Text
        : literal.ToLowerInvariant() is "true" or "false" ? ParameterKind.Flag
        : WholeNumber().IsMatch(literal) ? ParameterKind.Integer
        : AnyNumber().IsMatch(literal) ? ParameterKind.Number
        : null;

    [GeneratedRegex("""\bSET\s+(?:SESSION\s+|LOCAL\s+)?VARIABLE\s+(?<name>"[^"]+"|\w+)\s*=\s*(?<value>'(?:[^']|'')*'|(?:DATE|TIME|TIMESTAMPTZ|TIMESTAMP)\s+'[^']*'|[^;\n]+)""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Assigned();

    [GeneratedRegex("""(?:^|(?<=;))\s*(?<type>[A-Za-z_][\w.]*\??)\s+(?<name>[A-Za-z_]\w*)\s*=(?![=>])\s*(?<value>"(?:[^"\\]|\\.)*"|[^;\n]+?)\s*;""", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Declared();

    [GeneratedRegex(@"^(?:new\s+)?([A-Z]\w*)(?:\.Parse\w*)?\s*\(", RegexOptions.CultureInvariant)]
    private static partial Regex TypeOfCall();

    [GeneratedRegex(@"^(DATE|TIME|TIMESTAMPTZ|TIMESTAMP)\s+'", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TypedLiteral();

    [GeneratedRegex(@"^[+-]?\d[\d_]*[lL]?$", RegexOptions.CultureInvariant)]
    private static partial Regex WholeNumber();

    [GeneratedRegex(@"^[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?[mMfFdD]?$", RegexOptions.CultureInvariant)]
    private static partial Regex AnyNumber();

    [GeneratedRegex(@"--[^\n]*|/\*.*?\*/", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex SqlComment();

    [GeneratedRegex(@"^\s*//[^\n]*|/\*.*?\*/", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex CSharpComment();
}
