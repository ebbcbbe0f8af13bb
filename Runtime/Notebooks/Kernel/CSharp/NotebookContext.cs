using System.ComponentModel;
using FlowForge.Lake;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Kernel.Sql;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>What C# cells may call without a prefix.</summary>
public sealed class NotebookContext
{
    private readonly SqlEngine _sql;

    internal NotebookContext(LakeStore lake, SqlEngine sql)
    {
        Lake = lake;
        _sql = sql;
    }

    internal CellOutput? Output { get; set; }

    /// <summary>The lake's tables, their versions and schemas.</summary>
    public LakeStore Lake { get; }

    /// <summary>Cancelled when the cell is interrupted. Code that ignores it is aborted a quarter of a second later.</summary>
    public CancellationToken Interrupted { get; internal set; }

    /// <summary>Shows a value now: tables for collections and SQL rows, HTML and Markdown by <see cref="Html"/> and <see cref="Markdown"/>, text for the rest.</summary>
    public void Display(object? value) => Output?.Display(ValueFormatter.Format(value));

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
