using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>What a cell is. <see cref="Other"/> is code of a language that is not run here; it is kept as it is.</summary>
public enum NotebookCellKind { Sql, Csharp, Markdown, Raw, Chart, Other }

/// <summary>What a notebook's kernel does; <see cref="None"/>: there is none.</summary>
public enum NotebookKernelState { None, Starting, Idle, Busy, Restarting }

/// <summary>How it stands with a cell in the kernel of the moment.</summary>
public enum NotebookCellState { Idle, Queued, Running, Succeeded, Failed, Interrupted }

/// <summary>What kind of thing a cell showed.</summary>
public enum NotebookOutputKind { Text, ErrorText, Display, Table, Failure }

/// <summary>A notebook as a list shows it.</summary>
/// <param name="Path">Below the workspace's <c>notebooks</c> folder, as <c>analysis/revenue.ipynb</c>.</param>
/// <param name="Cells">Null when the file cannot be read as a notebook.</param>
public sealed record NotebookSummary(string Path, string Title, int? Cells, DateTimeOffset Modified, long Bytes, NotebookKernel Kernel);

/// <summary>A notebook's kernel process.</summary>
/// <param name="Memory">Working set in bytes.</param>
/// <param name="MemoryLimit">Bytes at which it is ended.</param>
/// <param name="Message">Why the last one ended, when nobody asked it to.</param>
/// <param name="Viewers">Pages and programs that follow the notebook.</param>
public sealed record NotebookKernel(NotebookKernelState State, int? ProcessId, long Memory, long MemoryLimit, DateTimeOffset? StartedAt, string? Message, int Viewers);

/// <summary>One notebook with its cells.</summary>
/// <param name="Revision">Names the text and order of its cells; outputs do not count. Give it back when saving.</param>
/// <param name="Automatic">Cells that depend on one that ran are run as well, not only marked stale.</param>
public sealed record NotebookDetail(string Path, string Title, string Revision, DateTimeOffset Modified, string Language, bool Automatic, IReadOnlyList<NotebookCell> Cells, NotebookKernel Kernel);

/// <summary>A cell of a notebook.</summary>
public sealed record NotebookCell
{
    /// <summary>1 to 64 of <c>a-z A-Z 0-9 - _</c>; stays for the cell's life.</summary>
    public required string Id { get; init; }
    public required NotebookCellKind Kind { get; init; }
    public string Source { get; init; } = "";
    /// <summary>Name under which other cells read the rows of a SQL cell.</summary>
    public string? ResultName { get; init; }
    /// <summary>Its code is not shown.</summary>
    public bool Folded { get; init; }
    /// <summary>It has the tag <c>parameters</c>: a run of the notebook as a job may give other values to what it sets.</summary>
    public bool Parameters { get; init; }
    public NotebookCellState State { get; init; }
    public int? ExecutionCount { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public double? Milliseconds { get; init; }
    /// <summary>Why it was not run, when it was asked to.</summary>
    public string? Note { get; init; }
    public IReadOnlyList<NotebookOutput> Outputs { get; init; } = [];
}

/// <summary>One thing that a cell showed; what belongs to its kind is set.</summary>
public sealed record NotebookOutput
{
    public required NotebookOutputKind Kind { get; init; }
    public string? Text { get; init; }
    /// <summary>Of a display, by media type; images in base64.</summary>
    public IReadOnlyDictionary<string, string>? Content { get; init; }
    /// <summary>It is the value of the cell's last expression, or its rows.</summary>
    public bool IsResult { get; init; }
    public NotebookTable? Table { get; init; }
    public NotebookFailure? Failure { get; init; }
}

/// <summary>A table that a cell showed, with its first rows.</summary>
/// <param name="Result">Handle for more rows; null when no kernel holds it any more.</param>
/// <param name="Rows">One array a row; values as in <see cref="TableRows.Rows"/>.</param>
/// <param name="Total">Rows of the whole once known.</param>
/// <param name="Reads">Lake tables with the versions that were read: <c>gold.delays@12</c>.</param>
public sealed record NotebookTable(string? Result, string? Name, IReadOnlyList<NotebookColumn> Columns, IReadOnlyList<JsonElement[]> Rows, long? Total, IReadOnlyList<string> Reads);

/// <summary>A column of a table in a notebook.</summary>
public sealed record NotebookColumn(string Name, string Type);

/// <summary>An error of a cell.</summary>
/// <param name="Line">1-based line of the cell.</param>
public sealed record NotebookFailure(string Kind, string Message, int? Line, int? Column, IReadOnlyList<string> Trace);

/// <summary>Body of <c>POST /notebooks</c>.</summary>
/// <param name="Cells">Null: one empty SQL cell.</param>
/// <param name="Unique">A taken path becomes <c>path 2</c>; otherwise it is refused.</param>
public sealed record CreateNotebook(string Path, IReadOnlyList<NotebookCellText>? Cells = null, bool Unique = false);

/// <summary>A cell as an editor has it.</summary>
/// <param name="Parameters">It has the tag <c>parameters</c>; null leaves the tags as they are.</param>
public sealed record NotebookCellText(string Id, NotebookCellKind Kind, string Source, string? ResultName = null, bool Folded = false, bool? Parameters = null);

/// <summary>Body of <c>PUT /notebooks/{path}</c>.</summary>
/// <param name="Revision">The one that the editor began with; null overwrites what is there.</param>
public sealed record SaveNotebook(string? Revision, IReadOnlyList<NotebookCellText> Cells, bool Automatic = false);

/// <summary>Answer of a save.</summary>
public sealed record NotebookSaved(string Revision);

/// <summary>Body of <c>POST /notebooks/{path}/rename</c> and <c>…/duplicate</c>.</summary>
public sealed record NotebookTarget(string Path);

/// <summary>Where a notebook is now.</summary>
public sealed record NotebookPlace(string Path);

/// <summary>A deleted notebook that can be had back for 30 days.</summary>
public sealed record NotebookInTrash(string Id, string Path, DateTimeOffset Deleted);

/// <summary>Body of <c>POST /notebooks/{path}/run</c>.</summary>
/// <param name="Ids">Cells to run in this order; null runs all SQL and C# cells.</param>
/// <param name="Cells">The cells as the editor has them; null takes those of the file.</param>
/// <param name="Stale">Runs what is stale or has not run yet, in the order of dependency, in place of <paramref name="Ids"/>.</param>
public sealed record RunNotebook(IReadOnlyList<string>? Ids = null, IReadOnlyList<NotebookCellText>? Cells = null, bool Stale = false);

/// <summary>Answer of a run: what was queued.</summary>
public sealed record NotebookQueued(IReadOnlyList<string> Ids);

/// <summary>Body of <c>POST /notebooks/{path}/analyze</c>.</summary>
public sealed record AnalyzeNotebook(IReadOnlyList<NotebookCellText> Cells);

/// <summary>Body of <c>POST /notebooks/{path}/clear</c>.</summary>
/// <param name="Ids">Null: all cells.</param>
public sealed record ClearOutputs(IReadOnlyList<string>? Ids = null);

/// <summary>What reads what.</summary>
/// <param name="Stale">Cells that would give something else now.</param>
public sealed record NotebookGraph(IReadOnlyList<NotebookNode> Cells, IReadOnlyList<string> Stale);

/// <summary>A cell's place among the others.</summary>
/// <param name="Problem">Two definitions of a name, or a circle; such a cell is never run by itself.</param>
public sealed record NotebookNode(string Id, IReadOnlyList<string> Writes, IReadOnlyList<string> Reads, IReadOnlyList<string> Tables, IReadOnlyList<string> DependsOn, string? Problem);

/// <summary>Rows of a result.</summary>
/// <param name="Total">Rows that match, once known; ask for the count.</param>
public sealed record NotebookRows(IReadOnlyList<JsonElement[]> Rows, long Offset, long? Total);

/// <summary>What to show of a result.</summary>
public sealed record NotebookRowsQuery(long Offset = 0, int Limit = 100, string? Sort = null, bool Descending = false, string? Filter = null);

/// <summary>Number of a result's rows.</summary>
public sealed record NotebookCount(long Total);

/// <summary>A result's columns over all its rows.</summary>
public sealed record NotebookProfile(long Rows, IReadOnlyList<NotebookColumnProfile> Columns);

/// <summary>One column.</summary>
/// <param name="Distinct">Approximate above some thousands.</param>
/// <param name="Bars">Equal spans of numbers and times; the most frequent values of everything else.</param>
public sealed record NotebookColumnProfile(string Name, string Type, long Nulls, long Distinct, string? Min, string? Max, double? Mean, IReadOnlyList<NotebookBar> Bars);

/// <summary>A value, or with <paramref name="To"/> a span, and its rows.</summary>
public sealed record NotebookBar(string Label, string? To, long Rows);

/// <summary>What a chart shows; a chart cell's text is this as JSON.</summary>
public sealed record NotebookChart
{
    /// <summary>A result's name, or a table of the lake.</summary>
    public string Source { get; init; } = "";
    /// <summary><c>bar line area scatter pie</c>.</summary>
    public string Mark { get; init; } = "bar";
    public string? X { get; init; }
    public string? Y { get; init; }
    public string? Color { get; init; }
    /// <summary><c>none count sum mean min max</c> of y for each x.</summary>
    public string Aggregate { get; init; } = "none";
    /// <summary>Order along x: <c>x</c>, <c>y</c> (descending) or <c>none</c> (the result's own).</summary>
    public string Sort { get; init; } = "x";
}

/// <summary>A chart's values: one JSON array a column, in the order x, y, color.</summary>
/// <param name="Cut">There were more than are given.</param>
public sealed record NotebookChartValues(IReadOnlyList<NotebookColumn> Columns, IReadOnlyList<JsonElement> Values, bool Cut);

/// <summary>Body of the editor's questions: a cell's text and a place in it.</summary>
/// <param name="Position">UTF-16 index.</param>
public sealed record NotebookQuestion(NotebookCellKind Kind, string Code, int Position = 0);

/// <summary>What may stand at a place; a choice replaces <paramref name="Length"/> characters from <paramref name="Start"/>.</summary>
public sealed record NotebookCompletions(int Start, int Length, IReadOnlyList<NotebookCompletion> Items);

/// <summary>One choice.</summary>
/// <param name="Kind"><c>method property field event type namespace local parameter keyword</c>.</param>
public sealed record NotebookCompletion(string Text, string Kind, string? Detail);

/// <summary>A finding in a cell's text; lines and columns count from 1.</summary>
public sealed record NotebookFinding(DiagnosticLevel Level, string Code, string Message, int Line, int Column, int EndLine, int EndColumn);

/// <summary>What stands at a place; no text when there is nothing to say.</summary>
public sealed record NotebookHover(string? Text, int Start, int Length);

/// <summary>The call that a place is in.</summary>
public sealed record NotebookSignatures(IReadOnlyList<NotebookSignature> Signatures, int Active, int ActiveParameter);

/// <summary>One way to call.</summary>
public sealed record NotebookSignature(string Label, IReadOnlyList<string> Parameters);

/// <summary>Body of <c>POST /notebooks/{path}/promote</c>.</summary>
/// <param name="Cell">A SQL cell with one SELECT.</param>
/// <param name="Pipeline">An existing one, or the name of a new one.</param>
/// <param name="Layer">Silver or gold.</param>
/// <param name="Cells">The cells as the editor has them; null takes those of the file.</param>
public sealed record PromoteCell(string Cell, string Pipeline, TableLayer Layer, string Name, IReadOnlyList<NotebookCellText>? Cells = null);

/// <summary>Body of <c>POST /notebooks/{path}/promote-notebook</c>: the whole notebook as a dataset or as a job of a pipeline.</summary>
/// <param name="Pipeline">An existing one, or the name of a new one.</param>
/// <param name="Layer">Silver or gold for a table; null for a job that makes none.</param>
/// <param name="Name">Of the table or the job.</param>
/// <param name="Result">The SQL result or C# collection whose rows the table gets; null takes the last SQL cell's.</param>
/// <param name="Parameters">Values of its parameters; those that are left out keep what the notebook says, or what a run gives by the same names.</param>
/// <param name="Cron">Not null: the pipeline's schedule.</param>
public sealed record PromoteNotebook(string Pipeline, TableLayer? Layer, string Name, string? Result = null, IReadOnlyDictionary<string, string>? Parameters = null, string? Cron = null);

/// <summary>What a whole notebook offers to a pipeline.</summary>
/// <param name="Results">Names of its SQL results, in the order of the cells.</param>
public sealed record NotebookOffer(IReadOnlyList<NotebookParameter> Parameters, IReadOnlyList<string> Results);

/// <summary>A parameter of a notebook, from the cell with the tag <c>parameters</c>.</summary>
/// <param name="Kind"><c>text integer number flag</c> or the type that its text is parsed as.</param>
/// <param name="Default">As the cell says it.</param>
public sealed record NotebookParameter(string Name, string Kind, string Default);

/// <summary>A notebook as a job of a run executed it.</summary>
/// <param name="Source">The notebook that was run.</param>
/// <param name="State"><c>running succeeded failed cancelled</c>; <c>running</c> stays when the runtime was killed.</param>
/// <param name="Parameters">The values given to it.</param>
public sealed record ExecutedNotebook(string Run, string Job, string Source, int Attempt, string State, DateTimeOffset? StartedAt, double? Seconds, IReadOnlyDictionary<string, string> Parameters, IReadOnlyList<NotebookCell> Cells);

/// <summary>What retention would remove of the notebooks that runs have executed.</summary>
/// <param name="Days"><c>Notebooks:ExecutedDays</c>; null keeps all.</param>
/// <param name="Copies">Copies that are there.</param>
/// <param name="Going">Those that would go, oldest first; at most 1,000 are listed.</param>
/// <param name="GoingCopies">How many these are.</param>
/// <param name="Kept">Old ones that stay, by reason.</param>
public sealed record ExecutedReport(int? Days, long Copies, long Bytes, long GoingCopies, long GoingBytes, IReadOnlyList<ExecutedFile> Going, IReadOnlyList<LandingKept> Kept);

/// <summary>An executed copy of a notebook.</summary>
public sealed record ExecutedFile(string Run, string Job, long Bytes, DateTimeOffset ExecutedAt);

/// <summary>What a promotion would change; nothing is stored. Save it with <c>PUT /pipelines/{pipeline}</c>.</summary>
/// <param name="Before">The pipeline's text now; empty for a new one.</param>
/// <param name="After">The text with the dataset in it.</param>
/// <param name="BaseVersion">Version of the pipeline it is made from; null for a new one.</param>
/// <param name="Sql">The dataset's SQL, other cells' queries in it; empty for a whole notebook.</param>
public sealed record PromotionPreview(string Pipeline, string Before, string After, int? BaseVersion, string Sql, PipelineValidation Validation);

/// <summary>
/// One server-sent event about a notebook. <c>snapshot</c> comes first after every (re)connection and holds everything; then <c>kernel</c>, <c>cell</c>
/// (its outputs only when they were replaced), <c>output</c>, <c>graph</c>, <c>revision</c>, <c>moved</c>.
/// </summary>
public sealed record NotebookEvent(string Type)
{
    public const string Snapshot = "snapshot";
    public const string KernelChanged = "kernel";
    public const string CellChanged = "cell";
    public const string Output = "output";
    public const string GraphChanged = "graph";
    public const string RevisionChanged = "revision";
    public const string Moved = "moved";

    public NotebookKernel? Kernel { get; init; }
    /// <summary>Of a snapshot: every cell that did something.</summary>
    public IReadOnlyList<NotebookCellLive>? Cells { get; init; }
    public NotebookCellLive? Cell { get; init; }
    /// <summary>Of an output: the cell.</summary>
    public string? CellId { get; init; }
    /// <summary>Of an output: its number in the cell, from 0.</summary>
    public int? Index { get; init; }
    public NotebookOutput? Value { get; init; }
    /// <summary>Of an output: only this was added to its text.</summary>
    public string? Added { get; init; }
    public NotebookGraph? Graph { get; init; }
    public string? Revision { get; init; }
    /// <summary>Of a revision: it was saved by this runtime.</summary>
    public bool? Ours { get; init; }
    /// <summary>Of a move: the new path; null when the notebook was deleted.</summary>
    public string? Path { get; init; }
}

/// <summary>A cell as it stands in the kernel.</summary>
/// <param name="Outputs">Null: as they were.</param>
public sealed record NotebookCellLive(string Id, NotebookCellState State, int? ExecutionCount, DateTimeOffset? StartedAt, double? Milliseconds, string? Note, IReadOnlyList<NotebookOutput>? Outputs);
