using System.Globalization;
using FlowForge.Notebooks.Protocol;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>What an editor wants to know about a C# cell, without running it.</summary>
internal static class ScriptHelp
{
    private const int MostFindings = 100;

    private static readonly SymbolDisplayFormat Declaration = SymbolDisplayFormat.MinimallyQualifiedFormat
        .AddMemberOptions(SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeContainingType | SymbolDisplayMemberOptions.IncludeParameters)
        .AddParameterOptions(SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeParamsRefOut)
        .AddKindOptions(SymbolDisplayKindOptions.IncludeTypeKeyword)
        .AddLocalOptions(SymbolDisplayLocalOptions.IncludeType);

    public static IReadOnlyList<CellFinding> Findings(ScriptEngine scripts, string code, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(code)) return [];
        var known = scripts.KnownResults;
        return
        [
            .. scripts.CompilationOf(code).GetDiagnostics(ct)
                .Where(d => d.Severity is DiagnosticSeverity.Error or DiagnosticSeverity.Warning && d.Location.IsInSource)
                // A result's name becomes a variable when the cell runs.
                .Where(d => d.Id != "CS0103" || !known.Contains(d.Location.SourceTree!.GetRoot(ct).FindToken(d.Location.SourceSpan.Start).ValueText))
                .OrderBy(d => d.Location.SourceSpan.Start).Take(MostFindings).Select(Finding),
        ];
    }

    public static HoverNotification Hover(ScriptEngine scripts, HoverCommand command, CancellationToken ct)
    {
        var (model, root) = Model(scripts, command.Code, ct);
        var token = root.FindToken(Math.Clamp(command.Position, 0, Math.Max(0, command.Code.Length - 1)));
        if (!token.IsKind(SyntaxKind.IdentifierToken) && !token.IsKind(SyntaxKind.PredefinedType) || token.Parent is not { } node) return new HoverNotification(command.Request, null, 0, 0);
        var symbol = model.GetDeclaredSymbol(node, ct) ?? model.GetSymbolInfo(node, ct).Symbol ?? model.GetSymbolInfo(node, ct).CandidateSymbols.FirstOrDefault();
        if (symbol is IMethodSymbol { MethodKind: MethodKind.Constructor } made) symbol = made;
        return new HoverNotification(command.Request, symbol?.ToDisplayString(Declaration), token.SpanStart, token.Span.Length);
    }

    public static SignatureNotification Signature(ScriptEngine scripts, SignatureCommand command, CancellationToken ct)
    {
        var (model, root) = Model(scripts, command.Code, ct);
        var position = Math.Clamp(command.Position, 0, command.Code.Length);
        var list = root.FindToken(Math.Max(0, position - 1)).Parent?.AncestorsAndSelf().OfType<BaseArgumentListSyntax>()
            .FirstOrDefault(l => l.SpanStart < position && (position < l.Span.End || l.GetLastToken().IsMissing || !l.GetLastToken().IsKind(SyntaxKind.CloseParenToken)));
        if (list?.Parent is not { } call) return new SignatureNotification(command.Request, [], 0, 0);
        var methods = (call switch
        {
            InvocationExpressionSyntax invocation => model.GetMemberGroup(invocation.Expression, ct).OfType<IMethodSymbol>(),
            BaseObjectCreationExpressionSyntax creation => (model.GetTypeInfo(creation, ct).Type as INamedTypeSymbol)?.InstanceConstructors.Where(c => c.DeclaredAccessibility == Accessibility.Public) ?? [],
            _ => [],
        }).OrderBy(m => m.Parameters.Length).Take(50).ToArray();
        var argument = list.Arguments.GetSeparators().Count(s => s.SpanStart < position);
        var chosen = model.GetSymbolInfo(call, ct).Symbol is IMethodSymbol bound ? Array.IndexOf(methods, methods.FirstOrDefault(m => SymbolEqualityComparer.Default.Equals(m, bound))) : -1;
        if (chosen < 0) chosen = Math.Max(0, Array.FindIndex(methods, m => m.Parameters.Length > argument || m.Parameters is [.., { IsParams: true }]));
        return new SignatureNotification(command.Request,
            [.. methods.Select(m => new CallSignature(m.ToDisplayString(Declaration), [.. m.Parameters.Select(p => p.ToDisplayString(Declaration))]))], chosen, argument);
    }

    private static (SemanticModel Model, SyntaxNode Root) Model(ScriptEngine scripts, string code, CancellationToken ct)
    {
        var compilation = scripts.CompilationOf(code);
        var tree = compilation.SyntaxTrees.Single();
        return (compilation.GetSemanticModel(tree), tree.GetRoot(ct));
    }

    private static CellFinding Finding(Diagnostic d)
    {
        var span = d.Location.GetLineSpan();
        return new CellFinding(d.Severity == DiagnosticSeverity.Error ? FindingLevel.Error : FindingLevel.Warning, d.Id, d.GetMessage(CultureInfo.InvariantCulture),
            span.StartLinePosition.Line + 1, span.StartLinePosition.Character + 1, span.EndLinePosition.Line + 1, span.EndLinePosition.Character + 1);
    }
}
