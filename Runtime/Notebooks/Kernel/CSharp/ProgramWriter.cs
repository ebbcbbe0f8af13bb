using System.Globalization;
using System.Text;
using FlowForge.Notebooks.Kernel.Sql;
using FlowForge.Notebooks.Protocol;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>
/// Writes cells as one C# file that <c>dotnet run file.cs</c> runs: C# as it is, SQL as calls, text as comments. It uses the kernel's libraries where they lie, so SQL means what it means in a cell. Differences
/// to a script are those of C#: a name cannot be hidden by one of an inner scope, and types stand at the end.
/// </summary>
internal sealed class ProgramWriter
{
    private static readonly CSharpParseOptions Script = new(kind: SourceCodeKind.Script);
    private readonly SortedSet<string> _usings = [.. ScriptReferences.Imports.Select(i => $"using {i};"), "using static FlowForge.Notebooks.Kernel.NotebookProgram;"];
    private readonly List<string> _packages = [];
    private readonly HashSet<string> _declared = new(StringComparer.Ordinal);
    private readonly StringBuilder _body = new();
    private readonly StringBuilder _types = new();

    /// <param name="lake">The lake's folder.</param>
    public static string Write(ProgramCommand command, string lake, CancellationToken ct)
    {
        var writer = new ProgramWriter();
        for (var i = 0; i < command.Cells.Count; i++)
        {
            ct.ThrowIfCancellationRequested();
            writer.Cell(command.Cells[i], i + 1, ct);
        }
        return writer.Text(command.Title, lake);
    }

    private string Text(string title, string lake)
    {
        var text = new StringBuilder()
            .Append("#!/usr/bin/env -S dotnet run\n#:property PublishAot=false\n#:property NoWarn=CS8618;CS8600;CS8602;CS0219;CS0168;CS1701;CS1702\n")
            .Append(CultureInfo.InvariantCulture, $"#:property CustomAfterMicrosoftCommonTargets={Path.Combine(AppContext.BaseDirectory, "FlowForge.Notebook.targets")}\n");
        foreach (var package in _packages.Distinct()) text.Append(package);
        text.Append(CultureInfo.InvariantCulture, $"\n// {OneLine(title)}: a notebook of FlowForge as a program. Run it: dotnet run FILE.cs\n// It reads the lake itself, no server is needed. FLOWFORGE_LAKE names another lake.\n");
        foreach (var line in _usings) text.Append(line).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"\nOpen({Literal(lake)}, {Literal(Environment.CurrentDirectory)});\n").Append(_body);
        return _types.Length == 0 ? text.ToString() : text.Append("\n// Types of the cells.\n").Append(_types).ToString();
    }

    private void Cell(ProgramCell cell, int number, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(cell.Source)) return;
        var source = cell.Source.ReplaceLineEndings("\n").Trim('\n');
        _body.Append('\n');
        if (cell.Language is null)
        {
            foreach (var line in source.Split('\n')) _body.Append("// ").Append(line).Append('\n');
            return;
        }
        _body.Append(CultureInfo.InvariantCulture, $"// Cell {number}\n");
        if (cell.Language == CellLanguage.Sql) Sql(cell with { Source = source }, number);
        else CSharp(source, ct);
    }

    private void Sql(ProgramCell cell, int number)
    {
        foreach (var name in SqlHelp.References(cell.Source).Names.Where(_declared.Contains).Distinct()) _body.Append(CultureInfo.InvariantCulture, $"Share(\"{name}\", {Name(name)});\n");
        var quotes = new string('"', Math.Max(3, LongestQuotes(cell.Source) + 1));
        var result = cell.ResultName is { Length: > 0 } given ? given : string.Create(CultureInfo.InvariantCulture, $"cell_{number}");
        var isSelect = SqlHelp.References(cell.Source).IsSelect;
        _body.Append(isSelect ? $"{(_declared.Contains(result) ? "" : "var ")}{Name(result)} = " : "").Append(CultureInfo.InvariantCulture, $"Cell(\"{result}\", {quotes}\n").Append(cell.Source).Append(CultureInfo.InvariantCulture, $"\n{quotes});\n");
        if (isSelect) _declared.Add(result);
    }

    private void CSharp(string source, CancellationToken ct)
    {
        foreach (var (name, version) in PackageReferences.Wanted(source)) _packages.Add($"#:package {name}{(version.Length > 0 ? "@" + version : "@*")}\n");
        var root = CSharpSyntaxTree.ParseText(PackageReferences.Blank(source), Script, cancellationToken: ct).GetCompilationUnitRoot(ct);
        foreach (var line in root.Usings) _usings.Add(line.WithoutTrivia().NormalizeWhitespace().ToFullString());
        foreach (var member in root.Members)
        {
            switch (member)
            {
                case BaseTypeDeclarationSyntax or DelegateDeclarationSyntax:
                    _types.Append(member.ToFullString().Trim('\n')).Append('\n');
                    break;
                case FieldDeclarationSyntax field:
                    Variables(field);
                    break;
                case MethodDeclarationSyntax method:
                    Line(method.WithModifiers([.. method.Modifiers.Where(m => m.IsKind(SyntaxKind.AsyncKeyword) || m.IsKind(SyntaxKind.UnsafeKeyword))]).WithLeadingTrivia(method.GetLeadingTrivia()).ToFullString());
                    break;
                case GlobalStatementSyntax { Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } last }:
                    Line($"Display({last.Expression.WithoutTrivia().ToFullString()});");
                    break;
                default:
                    Line(member.ToFullString());
                    break;
            }
        }
    }

    /// <summary>A name that an earlier cell has declared is given a new value.</summary>
    private void Variables(FieldDeclarationSyntax field)
    {
        var known = field.Declaration.Variables.Where(v => _declared.Contains(v.Identifier.ValueText)).ToList();
        if (known.Count == 0) Line(field.WithModifiers(default).WithLeadingTrivia(field.GetLeadingTrivia()).ToFullString());
        else
            foreach (var variable in field.Declaration.Variables)
                Line($"{(known.Contains(variable) ? "" : field.Declaration.Type.WithoutTrivia() + " ")}{variable.WithoutTrivia()};");
        _declared.UnionWith(field.Declaration.Variables.Select(v => v.Identifier.ValueText));
    }

    private void Line(string code) => _body.Append(code.Trim('\n', '\r')).Append('\n');

    private static int LongestQuotes(string text)
    {
        var (longest, run) = (0, 0);
        foreach (var c in text) longest = Math.Max(longest, run = c == '"' ? run + 1 : 0);
        return longest;
    }

    private static string Name(string name) => SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : "@" + name;

    private static string Literal(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
