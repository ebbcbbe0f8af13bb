using FlowForge.Lake;
using FlowForge.Notebooks.Kernel.Hosting;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Kernel.Sql;
using FlowForge.Notebooks.Protocol;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Scripting;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>
/// C# cells as one growing script: each is compiled on top of those before it and sees their variables, methods and types. A cell that throws keeps what
/// it had set before; one that was aborted leaves nothing. Cells are run by one thread; the rest is thread-safe.
/// </summary>
internal sealed class ScriptEngine
{
    private readonly NotebookContext _context;
    private readonly SqlEngine _sql;
    private readonly Task _warm;
    private readonly HashSet<string> _packages = new(StringComparer.Ordinal);
    private volatile ScriptOptions _options = ScriptReferences.Options;
    private volatile ScriptState<object?>? _state;
    private int _submissions;

    public ScriptEngine(LakeStore lake, SqlEngine sql)
    {
        _context = new NotebookContext(lake, sql);
        _sql = sql;
        // The first cell should not wait for the compiler to be compiled.
        _warm = Task.Run(() => CSharpScript.Create<object?>("var a = new[] { 1 }.Select(x => $\"{x}\").ToList(); a.Count", ScriptReferences.Options, typeof(NotebookContext)).RunAsync(_context));
    }

    /// <summary>Cells run so far.</summary>
    public int Submissions => _submissions;

    /// <summary>Names of SQL results, which a cell finds as variables.</summary>
    public IReadOnlySet<string> KnownResults => _sql.ResultNames().ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The newest variable of that name, or null.</summary>
    public object? Variable(string name) => _state?.GetVariable(name)?.Value;

    public void Run(ExecuteCommand cell, CellOutput output, CancellationToken ct)
    {
        _warm.Wait(ct);
        _context.Output = output;
        _context.Interrupted = ct;
        BindResults(cell.Code, ct);
        var packages = PackageReferences.Fetch(cell.Code, ct);
        if (packages.Count > 0) _options = _options.AddReferences(packages.Where(p => _packages.Add(p)).Select(p => MetadataReference.CreateFromFile(p)));
        var script = Continue(PackageReferences.Blank(cell.Code), _options.WithFilePath(ScriptFailure.FileOf(cell.Cell)));
        var errors = script.Compile(ct);
        if (errors.Any(d => d.Severity == DiagnosticSeverity.Error)) throw ScriptFailure.Of(errors);
        var state = Execute(script, ct);
        _state = state;
        if (state.Exception is { } error)
        {
            if (error is OperationCanceledException) ct.ThrowIfCancellationRequested();
            throw ScriptFailure.Of(error, cell.Cell);
        }
        if (state.ReturnValue is { } value) Show(value, cell, output);
    }

    /// <summary>The next cell's compilation, as far as known: for completion.</summary>
    public Compilation CompilationOf(string code)
    {
        _warm.Wait();
        return Continue(PackageReferences.Blank(code), _options).GetCompilation();
    }

    private static void Show(object value, ExecuteCommand cell, CellOutput output)
    {
        try
        {
            output.Display(ValueFormatter.Format(value), isResult: true);
        }
        catch (Exception e) when (e is not CellFailure)
        {
            // A lazy sequence runs its code only now.
            throw ScriptFailure.Of(e, cell.Cell);
        }
    }

    private ScriptState<object?> Execute(Script<object?> script, CancellationToken ct)
    {
        _submissions++;
        var before = _state;
        return AbortableRun.Run(() => before is null
            ? script.RunAsync(_context, static _ => true, CancellationToken.None)
            : script.RunFromAsync(before, static _ => true, CancellationToken.None), ct);
    }

    private Script<object?> Continue(string code, ScriptOptions options) => _state is { } state
        ? state.Script.ContinueWith<object?>(code, options)
        : CSharpScript.Create<object?>(code, options, typeof(NotebookContext));

    /// <summary>A cell that mentions a named result finds it as a variable.</summary>
    private void BindResults(string code, CancellationToken ct)
    {
        var tree = CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(kind: SourceCodeKind.Script), cancellationToken: ct);
        foreach (var name in tree.GetRoot(ct).DescendantNodes().OfType<IdentifierNameSyntax>().Select(n => n.Identifier.ValueText).Distinct())
        {
            if (!_sql.HasResult(name) || _state?.GetVariable(name) is not null) continue;
            _state = Execute(Continue($"var @{name} = Result(\"{name}\");", _options), ct);
        }
    }
}
