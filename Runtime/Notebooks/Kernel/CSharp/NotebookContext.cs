using System.ComponentModel;
using FlowForge.Lake;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Kernel.Sql;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>What C# cells may call without a prefix.</summary>
public sealed class NotebookContext
{
    private readonly SqlEngine _sql;
    private long _progressAt = long.MinValue / 2;

    internal NotebookContext(LakeStore lake, SqlEngine sql)
    {
        Lake = lake;
        _sql = sql;
    }

    internal CellOutput? Output { get; set; }

    /// <summary>Takes what is shown where there is no cell: in a program.</summary>
    internal Action<IReadOnlyDictionary<string, string>>? Shown { get; init; }

    /// <summary>The lake's tables, their versions and schemas.</summary>
    public LakeStore Lake { get; }

    /// <summary>Cancelled when the cell is interrupted. Code that ignores it is aborted a quarter of a second later.</summary>
    public CancellationToken Interrupted { get; internal set; }

    /// <summary>Shows a value now: tables for collections and SQL rows, HTML and Markdown by <see cref="Html"/> and <see cref="Markdown"/>, text for the rest.</summary>
    public void Display(object? value)
    {
        if (Output is { } output) output.Display(ValueFormatter.Format(value));
        else Shown?.Invoke(ValueFormatter.Format(value));
    }

    /// <summary>Shows how far something is, in one bar that moves; call it as often as you like.</summary>
    /// <param name="done">So much of <paramref name="total"/>.</param>
    /// <param name="text">What is being done. Bars of different texts stand below each other.</param>
    public void Progress(double done, double total, string? text = null)
    {
        var now = Environment.TickCount64;
        if (Output is not { } output || (done < total && now - _progressAt < 80)) return;
        _progressAt = now;
        var share = total > 0 ? Math.Clamp(done / total, 0, 1) : 0;
        output.Send(new Protocol.DisplayNotification(output.Request, new Dictionary<string, string>
        {
            ["application/vnd.flowforge.progress+json"] = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{{\"share\":{share:0.####}}}"),
            ["text/plain"] = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{share * 100:0} %{(text is null ? "" : " " + text)}"),
        }, IsResult: false, "progress " + text));
    }

    /// <summary>A picture to show.</summary>
    /// <param name="type"><c>image/png</c>, <c>image/jpeg</c>, <c>image/gif</c> or <c>image/webp</c>.</param>
    public static MediaText Image(byte[] bytes, string type = "image/png") => new(type, Convert.ToBase64String(bytes));

    /// <summary>HTML to show.</summary>
    public static MediaText Html(string html) => new("text/html", html);

    /// <summary>Markdown to show.</summary>
    public static MediaText Markdown(string markdown) => new("text/markdown", markdown);

    /// <summary>Rows of a query over the lake, over named results and over variables of C# cells; run anew each time they are read.</summary>
    public ResultRows Sql(string query) => new(_sql, query, this);

    /// <summary>Rows of a SQL cell's named result; a C# cell may also write just the name.</summary>
    public ResultRows Result(string name) => Sql("FROM " + Duck.SqlText.Identifier(name));

    [EditorBrowsable(EditorBrowsableState.Never)]
    public override string ToString() => "notebook";

    [EditorBrowsable(EditorBrowsableState.Never)]
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    [EditorBrowsable(EditorBrowsableState.Never)]
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>Text of a media type, to be shown as that.</summary>
public sealed record MediaText(string MediaType, string Text)
{
    public override string ToString() => Text;
}
