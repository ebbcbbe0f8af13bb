using System.Globalization;
using System.Text;

namespace FlowForge.Notebooks.Sessions.Headless;

/// <summary>What kind of value a parameter has.</summary>
public enum ParameterKind
{
    Text,
    Integer,
    Number,
    Flag,

    /// <summary>A type of its own (a date, a time, an id), whose text is parsed by it.</summary>
    Typed,
}

/// <summary>A parameter of a notebook, as its parameters cell sets it.</summary>
/// <param name="Type">The declared type, for <see cref="ParameterKind.Number"/> and <see cref="ParameterKind.Typed"/> as the language writes it: <c>decimal</c>, <c>DateOnly</c>, <c>DATE</c>.</param>
/// <param name="Default">The text of its value in the cell.</param>
public sealed record NotebookParameter(string Name, ParameterKind Kind, string Type, string Default, bool IsSql)
{
    /// <summary>The line that gives it another value.</summary>
    /// <param name="text">The value as people write it.</param>
    /// <exception cref="ParameterException">It is no value of the parameter's kind.</exception>
    public string Assignment(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        return IsSql ? $"SET VARIABLE {Name} = {(Kind == ParameterKind.Typed ? Type + " " : "")}{SqlValue(text, trimmed)};" : $"{Name} = {CSharpValue(text, trimmed)};";
    }

    private string SqlValue(string text, string trimmed) => Kind switch
    {
        ParameterKind.Integer or ParameterKind.Number or ParameterKind.Flag => Checked(trimmed),
        _ => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'",
    };

    private string CSharpValue(string text, string trimmed) => Kind switch
    {
        ParameterKind.Integer => Checked(trimmed),
        ParameterKind.Number => Checked(trimmed) + Type switch { "decimal" => "m", "float" => "f", _ => "d" },
        ParameterKind.Flag => Checked(trimmed),
        ParameterKind.Typed => $"{Type}.Parse({Quoted(trimmed)}, System.Globalization.CultureInfo.InvariantCulture)",
        _ => Quoted(text),
    };

    /// <summary>In the one way to write it that both languages know.</summary>
    private string Checked(string text) => Kind switch
    {
        ParameterKind.Integer when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) => n.ToString(CultureInfo.InvariantCulture),
        ParameterKind.Number when decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) => d.ToString(CultureInfo.InvariantCulture),
        ParameterKind.Flag when bool.TryParse(text, out var b) => b ? "true" : "false",
        _ => throw new ParameterException($"The parameter {Name} of the notebook is {Kind switch { ParameterKind.Integer => "a whole number", ParameterKind.Number => "a number", _ => "true or false" }} (its cell says {Default}); '{text}' is not."),
    };

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (char.IsControl(c) || c is '\u2028' or '\u2029') quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }
}

/// <summary>A parameter does not exist, or cannot have a value; the message says which and why.</summary>
public sealed class ParameterException(string message) : Exception(message);
