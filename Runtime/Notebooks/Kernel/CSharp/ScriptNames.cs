using FlowForge.Notebooks.Kernel.Sql;
using FlowForge.Notebooks.Protocol;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>
/// The names that a C# cell declares for others and those that it may take from them, from its syntax alone. A name declared anywhere inside the cell does
/// not count as read; the SQL in literal arguments of <c>Sql(…)</c> and <c>Result(…)</c> does.
/// </summary>
internal static class ScriptNames
{
    private static readonly CSharpParseOptions Script = new(kind: SourceCodeKind.Script);

    public static CellNames Of(CellText cell, CancellationToken ct)
    {
        var root = CSharpSyntaxTree.ParseText(cell.Code, Script, cancellationToken: ct).GetRoot(ct);
        var writes = root.ChildNodes().SelectMany(Declared).Distinct(StringComparer.Ordinal).ToList();
        var inner = root.DescendantNodes().SelectMany(Local).ToHashSet(StringComparer.Ordinal);
        var reads = root.DescendantNodes().OfType<SimpleNameSyntax>().Where(IsRead).Select(n => n.Identifier.ValueText).Where(n => !inner.Contains(n) && !writes.Contains(n)).ToHashSet(StringComparer.Ordinal);
        var tables = new List<string>();
        foreach (var (method, text) in Literals(root))
        {
            var (names, found, _) = method == "Result" ? ([text], [], true) : SqlHelp.References(text);
            reads.UnionWith(names.Where(n => !writes.Contains(n)));
            tables.AddRange(found);
        }
        return new CellNames(cell.Id, writes, [.. reads], [.. tables.Distinct()]);
    }

    /// <summary>What a top-level node declares for later cells.</summary>
    private static IEnumerable<string> Declared(SyntaxNode node) => node switch
    {
        FieldDeclarationSyntax field => field.Declaration.Variables.Select(v => v.Identifier.ValueText),
        PropertyDeclarationSyntax property => [property.Identifier.ValueText],
        MethodDeclarationSyntax method => [method.Identifier.ValueText],
        BaseTypeDeclarationSyntax type => [type.Identifier.ValueText],
        DelegateDeclarationSyntax type => [type.Identifier.ValueText],
        GlobalStatementSyntax statement => statement.Statement switch
        {
            LocalDeclarationStatementSyntax local => local.Declaration.Variables.Select(v => v.Identifier.ValueText),
            LocalFunctionStatementSyntax function => [function.Identifier.ValueText],
            // var (a, b) = …; and out var x at the top level are variables of the script.
            ExpressionStatementSyntax expression => expression.DescendantNodes(n => n is not AnonymousFunctionExpressionSyntax).OfType<SingleVariableDesignationSyntax>().Select(d => d.Identifier.ValueText),
            _ => [],
        },
        _ => [],
    };

    private static IEnumerable<string> Local(SyntaxNode node) => node switch
    {
        VariableDeclaratorSyntax v => [v.Identifier.ValueText],
        SingleVariableDesignationSyntax d => [d.Identifier.ValueText],
        ParameterSyntax p => [p.Identifier.ValueText],
        ForEachStatementSyntax f => [f.Identifier.ValueText],
        CatchDeclarationSyntax c => [c.Identifier.ValueText],
        FromClauseSyntax f => [f.Identifier.ValueText],
        LetClauseSyntax l => [l.Identifier.ValueText],
        JoinClauseSyntax j => [j.Identifier.ValueText],
        LocalFunctionStatementSyntax f => [f.Identifier.ValueText],
        TypeParameterSyntax t => [t.Identifier.ValueText],
        _ => [],
    };

    private static bool IsRead(SimpleNameSyntax name) => name.Parent switch
    {
        MemberAccessExpressionSyntax access => access.Expression == name,
        MemberBindingExpressionSyntax or NameColonSyntax or NameEqualsSyntax => false,
        QualifiedNameSyntax qualified => qualified.Left == name,
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } assignment => assignment.Right == name,
        UsingDirectiveSyntax => false,
        _ => name.Identifier.ValueText is not ("var" or "_"),
    };

    private static IEnumerable<(string Method, string Text)> Literals(SyntaxNode root) =>
        from call in root.DescendantNodes().OfType<InvocationExpressionSyntax>()
        let method = (call.Expression as IdentifierNameSyntax)?.Identifier.ValueText
        where method is "Sql" or "Result" && call.ArgumentList.Arguments.Count == 1
        let text = call.ArgumentList.Arguments[0].Expression switch
        {
            LiteralExpressionSyntax literal => literal.Token.Value as string,
            InterpolatedStringExpressionSyntax pieces => string.Concat(pieces.Contents.Select(c => c is InterpolatedStringTextSyntax t ? t.TextToken.ValueText : "0")),
            _ => null,
        }
        where text is not null
        select (method, text);
}
