using System.Globalization;
using FlowForge.Contracts;
using Spectre.Console;

namespace FlowForge.AppHost.Output;

/// <summary>Findings as compilers print them, so that terminals and editors can jump to the place: <c>file:line:column: error FF1203 path: message</c>.</summary>
internal static class DiagnosticLines
{
    public static void Write(IAnsiConsole console, string file, IEnumerable<DiagnosticEntry> diagnostics)
    {
        var colour = console.Profile.Capabilities.Ansi;
        foreach (var d in diagnostics)
        {
            var place = d.Line is { } line ? $":{line.ToString(CultureInfo.InvariantCulture)}:{(d.Column ?? 1).ToString(CultureInfo.InvariantCulture)}" : "";
            var level = d.Level switch { DiagnosticLevel.Error => "error", DiagnosticLevel.Warning => "warning", _ => "info" };
            var shown = colour ? $"\e[{(d.Level == DiagnosticLevel.Error ? 31 : 33)}m{level}\e[0m" : level;
            var path = d.Path.Length > 0 ? $" {d.Path}" : "";
            console.Profile.Out.Writer.WriteLine($"{file}{place}: {shown} {d.Code}{path}: {d.Message}");
            if (!string.IsNullOrEmpty(d.Suggestion))
                console.Profile.Out.Writer.WriteLine($"    {d.Suggestion}");
        }
    }
}
