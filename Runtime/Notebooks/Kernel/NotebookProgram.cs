using FlowForge.Lake;
using FlowForge.Lake.S3;
using FlowForge.Notebooks.Kernel.CSharp;
using FlowForge.Notebooks.Kernel.Hosting;
using FlowForge.Notebooks.Kernel.Sql;

namespace FlowForge.Notebooks.Kernel;

/// <summary>
/// What a notebook's cells find when they were exported to a C# file: the same names, the same SQL over the same lake, shown as text on the console. One program, one thread.
/// </summary>
public static class NotebookProgram
{
    private static readonly Dictionary<string, object?> Shared = new(StringComparer.Ordinal);
    private static readonly CancellationTokenSource Stop = new();
    private static SqlEngine? _sql;
    private static NotebookContext? _context;

    /// <summary>The lake's tables, their versions and schemas.</summary>
    public static LakeStore Lake => Context.Lake;

    /// <summary>Cancelled by Ctrl+C.</summary>
    public static CancellationToken Interrupted => Context.Interrupted;

    private static NotebookContext Context => _context ?? throw new InvalidOperationException("Call Open with the lake's folder first.");

    /// <summary>Opens the lake; before anything else. The environment variable FLOWFORGE_LAKE names another one.</summary>
    /// <param name="lake">The lake's folder.</param>
    /// <param name="workspace">Where relative paths of the cells start, when it is there.</param>
    public static void Open(string lake, string workspace)
    {
        if (Directory.Exists(workspace)) Environment.CurrentDirectory = workspace;
        var chosen = Environment.GetEnvironmentVariable("FLOWFORGE_LAKE") is { Length: > 0 } other ? other : lake;
        var store = new LakeStore(chosen, S3LakeOptions.FromEnvironment());
        _sql = new SqlEngine(store, new KernelOptions { Lake = chosen }) { Variables = Shared.GetValueOrDefault };
        _context = new NotebookContext(store, _sql) { Shown = Show, Interrupted = Stop.Token };
        Console.CancelKeyPress += (_, e) => e.Cancel = !Stop.IsCancellationRequested && Cancelled();

        static bool Cancelled()
        {
            Stop.Cancel();
            return true;
        }
    }

    /// <summary>Shows a value.</summary>
    public static void Display(object? value) => Context.Display(value);

    /// <summary>Shows how far something is; not in a program.</summary>
    public static void Progress(double done, double total, string? text = null) => Context.Progress(done, total, text);

    public static MediaText Image(byte[] bytes, string type = "image/png") => NotebookContext.Image(bytes, type);

    public static MediaText Html(string html) => NotebookContext.Html(html);

    public static MediaText Markdown(string markdown) => NotebookContext.Markdown(markdown);

    /// <summary>Rows of a query over the lake, over cells and over shared variables; run anew each time they are read.</summary>
    public static ResultRows Sql(string query) => Context.Sql(query);

    /// <summary>Rows of a SQL cell.</summary>
    public static ResultRows Result(string name) => Context.Result(name);

    /// <summary>Lets SQL read a variable of C# by its name.</summary>
    public static void Share(string name, object? value) => Shared[name] = value;

    /// <summary>A SQL cell: one SELECT is shown and keeps its name, other statements are run.</summary>
    public static ResultRows Cell(string name, string sql)
    {
        _ = Context;
        if (_sql!.Define(name, sql)) Display(Result(name));
        return Result(name);
    }

    private static void Show(IReadOnlyDictionary<string, string> content) => Console.Out.WriteLine(content.GetValueOrDefault("text/plain"));
}
