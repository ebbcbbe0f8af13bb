using FlowForge.Notebooks.Protocol;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>What may stand at a place of a cell: members behind a dot, else everything in scope.</summary>
internal static class Completer
{
    private const int MostItems = 1000;
    private static readonly SymbolDisplayFormat Format = SymbolDisplayFormat.MinimallyQualifiedFormat;

    public static CompletionsNotification Complete(ScriptEngine scripts, CompleteCommand command, CancellationToken ct)
    {
        var position = Math.Clamp(command.Position, 0, command.Code.Length);
        var start = position;
        while (start > 0 && (char.IsLetterOrDigit(command.Code[start - 1]) || command.Code[start - 1] == '_')) start--;
        var prefix = command.Code[start..position];

        var compilation = scripts.CompilationOf(command.Code);
        var tree = compilation.SyntaxTrees.Single();
        var model = compilation.GetSemanticModel(tree);
        var token = tree.GetRoot(ct).FindToken(Math.Max(0, start - 1));
        if (token.IsKind(SyntaxKind.StringLiteralToken) || InComment(tree, start)) return new CompletionsNotification(command.Request, start, prefix.Length, []);

        var symbols = token.IsKind(SyntaxKind.DotToken) && token.Span.End <= position ? Members(model, token, start) : model.LookupSymbols(start);
        var items = symbols
            .Where(s => s.CanBeReferencedByName && s.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && !IsHidden(s))
            .GroupBy(s => (s.Name, Kind(s)))
            .Select(g => new Completion(g.Key.Name, g.Key.Item2, g.First().ToDisplayString(Format) + (g.Count() > 1 ? $" (+{g.Count() - 1})" : "")));
        if (!token.IsKind(SyntaxKind.DotToken)) items = items.Concat(Keywords(prefix));
        return new CompletionsNotification(command.Request, start, prefix.Length, [.. items.OrderBy(i => i.Text, StringComparer.OrdinalIgnoreCase).Take(MostItems)]);
    }

    private static bool InComment(SyntaxTree tree, int position) =>
        tree.GetRoot().FindTrivia(position) is var trivia && (trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) || trivia.IsKind(SyntaxKind.MultiLineCommentTrivia));

    private static IEnumerable<ISymbol> Members(SemanticModel model, SyntaxToken dot, int position)
    {
        var target = dot.Parent switch
        {
            MemberAccessExpressionSyntax access => access.Expression,
            QualifiedNameSyntax name => name.Left,
            MemberBindingExpressionSyntax { Parent: ConditionalAccessExpressionSyntax conditional } => conditional.Expression,
            MemberBindingExpressionSyntax binding => binding.Ancestors().OfType<ConditionalAccessExpressionSyntax>().FirstOrDefault()?.Expression,
            _ => (SyntaxNode?)null,
        };
        if (target is null) return [];
        var symbol = model.GetSymbolInfo(target).Symbol;
        if (symbol is INamespaceOrTypeSymbol and not null)
            return model.LookupSymbols(position, (INamespaceOrTypeSymbol)symbol).Where(s => s is INamespaceOrTypeSymbol || s.IsStatic);
        var type = model.GetTypeInfo(target).Type;
        return type is null or IErrorTypeSymbol
            ? []
            : model.LookupSymbols(position, type, includeReducedExtensionMethods: true).Where(s => s is not INamespaceOrTypeSymbol && (!s.IsStatic || s is IMethodSymbol { IsExtensionMethod: true }));
    }

    private static bool IsHidden(ISymbol symbol) => symbol.GetAttributes().Any(a =>
        a.AttributeClass?.Name == "EditorBrowsableAttribute" && a.ConstructorArguments is [{ Value: (int)System.ComponentModel.EditorBrowsableState.Never }]);

    private static IEnumerable<Completion> Keywords(string prefix) => SyntaxFacts.GetKeywordKinds().Select(SyntaxFacts.GetText)
        .Where(k => k.StartsWith(prefix, StringComparison.Ordinal) && !k.StartsWith('_')).Distinct().Select(k => new Completion(k, "keyword", null));

    private static string Kind(ISymbol symbol) => symbol.Kind switch
    {
        SymbolKind.Method => "method",
        SymbolKind.Property => "property",
        SymbolKind.Field => "field",
        SymbolKind.Event => "event",
        SymbolKind.NamedType or SymbolKind.TypeParameter => "type",
        SymbolKind.Namespace => "namespace",
        SymbolKind.Parameter => "parameter",
        _ => "local",
    };
}
