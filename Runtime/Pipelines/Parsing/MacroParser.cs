using System.Text.RegularExpressions;

namespace FlowForge.Pipelines;

/// <summary>Reads <c>macros:</c>, a mapping of <c>name(parameters)</c> to SQL.</summary>
internal static partial class MacroParser
{
    public static IReadOnlyList<MacroDefinition> Read(SectionReader section)
    {
        List<MacroDefinition> macros = [];
        foreach (var (key, value) in section.Mapping("macros")?.Entries ?? [])
        {
            var path = $"macros.{key.Text}";
            if (Head().Match(key.Text) is not { Success: true } head)
            {
                section.Diagnostics.Add(DiagnosticCodes.InvalidMacro, key.Place, path, $"'{key.Text}' is no name of a macro.", "Write name(a, b): a lower-case name and its parameters.");
            }
            else if (value is not ScalarNode { IsNull: false } body || string.IsNullOrWhiteSpace(body.Text))
            {
                section.Diagnostics.Add(DiagnosticCodes.InvalidMacro, value.Place, path, $"The macro {key.Text} has no SQL, but {value.Kind}.", "Write an expression or a SELECT.");
            }
            else if (macros.Any(m => m.Name == head.Groups[1].Value))
            {
                section.Diagnostics.Add(DiagnosticCodes.InvalidMacro, key.Place, path, $"There are two macros '{head.Groups[1].Value}'.", "Rename one of them.");
            }
            else
            {
                var parameters = head.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                macros.Add(new MacroDefinition(head.Groups[1].Value, parameters, body.Text.TrimEnd().TrimEnd(';'), key.Place.Line));
            }
        }
        return macros;
    }

    [GeneratedRegex(@"^([a-z][a-z0-9_]*)\(\s*((?:[A-Za-z_]\w*(?:\s*:=\s*[^,()]+)?\s*(?:,\s*)?)*)\)\z", RegexOptions.CultureInvariant, 30_000)]
    private static partial Regex Head();
}
