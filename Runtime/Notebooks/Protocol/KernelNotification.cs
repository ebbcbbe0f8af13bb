using System.Text.Json;
using System.Text.Json.Serialization;

namespace FlowForge.Notebooks.Protocol;

/// <summary>What a kernel says. Immutable.</summary>
/// <param name="Request">The command that caused it; 0 for what nobody asked for.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ReadyNotification), "ready")]
[JsonDerivedType(typeof(CellStartedNotification), "started")]
[JsonDerivedType(typeof(TextNotification), "text")]
[JsonDerivedType(typeof(DisplayNotification), "display")]
[JsonDerivedType(typeof(TableNotification), "table")]
[JsonDerivedType(typeof(RowsNotification), "rows")]
[JsonDerivedType(typeof(CountNotification), "count")]
[JsonDerivedType(typeof(CellFailedNotification), "failed")]
[JsonDerivedType(typeof(CellFinishedNotification), "finished")]
[JsonDerivedType(typeof(CompletionsNotification), "completions")]
[JsonDerivedType(typeof(DiagnosticsNotification), "diagnostics")]
[JsonDerivedType(typeof(HoverNotification), "hover")]
[JsonDerivedType(typeof(SignatureNotification), "signature")]
[JsonDerivedType(typeof(AnalysisNotification), "analysis")]
[JsonDerivedType(typeof(ProfileNotification), "profile")]
[JsonDerivedType(typeof(ColumnsNotification), "columns")]
[JsonDerivedType(typeof(MemoryNotification), "memory")]
[JsonDerivedType(typeof(StoredNotification), "stored")]
[JsonDerivedType(typeof(ProgramNotification), "program")]
[JsonDerivedType(typeof(RefusedNotification), "refused")]
public abstract record KernelNotification(long Request);

/// <summary>The kernel takes commands; its first line.</summary>
/// <param name="Version"><see cref="KernelProtocol.Version"/> of the kernel.</param>
/// <param name="Runtime">For display, as <c>.NET 10.0.4</c>.</param>
public sealed record ReadyNotification(int Version, int ProcessId, string Runtime) : KernelNotification(0L);

/// <summary>A cell begins.</summary>
/// <param name="ExecutionCount">1 for the first cell that this kernel ran.</param>
public sealed record CellStartedNotification(long Request, string Cell, int ExecutionCount) : KernelNotification(Request);

/// <summary>Text that the cell wrote to the console; pieces as they come, not lines.</summary>
public sealed record TextNotification(long Request, bool IsError, string Text) : KernelNotification(Request);

/// <summary>A value shown by <c>Display(…)</c> or as the cell's last expression.</summary>
/// <param name="Content">The same value by media type, <c>text/plain</c> always among them. JSON types hold JSON text.</param>
/// <param name="IsResult">It is the last expression.</param>
/// <param name="Slot">Not null: takes the place of what this cell showed before with the same slot, as a progress bar does.</param>
public sealed record DisplayNotification(long Request, IReadOnlyDictionary<string, string> Content, bool IsResult, string? Slot = null) : KernelNotification(Request);

/// <summary>A column of a table.</summary>
/// <param name="Type">DuckDB's type text, as <c>DECIMAL(18,2)</c>.</param>
public sealed record TableColumn(string Name, string Type);

/// <summary>A SQL cell's rows are coming; <see cref="RowsNotification"/> with the first ones follows.</summary>
/// <param name="Result">Handle for <see cref="RowsCommand"/>; valid until released or until the kernel ends.</param>
/// <param name="Name">The name given by the cell.</param>
/// <param name="Reads">The tables read, with the version they were pinned to, as <c>gold.delays@12</c>.</param>
public sealed record TableNotification(long Request, string Result, string? Name, IReadOnlyList<TableColumn> Columns, IReadOnlyList<string> Reads) : KernelNotification(Request);

/// <summary>Rows of a table.</summary>
/// <param name="Offset">Number of the first row, from 0.</param>
/// <param name="Rows">
/// One array a row, in the order of the columns: null, true/false, numbers (text when a double cannot hold them exactly, and for
/// decimals), text, ISO 8601 dates and times, <c>\x…</c> for bytes, arrays and objects for nested values.
/// </param>
/// <param name="Total">Rows of the whole table once known.</param>
public sealed record RowsNotification(long Request, string Result, long Offset, IReadOnlyList<JsonElement> Rows, long? Total) : KernelNotification(Request);

/// <summary>All rows of a table, counted.</summary>
public sealed record CountNotification(long Request, string Result, long Total) : KernelNotification(Request);

/// <summary>The cell has an error; <see cref="CellFinishedNotification"/> follows.</summary>
/// <param name="Kind">Type of the error, as <c>Binder Error</c>, <c>CS0103</c>, <c>System.DivideByZeroException</c> or <c>Kernel died</c>.</param>
/// <param name="Line">1-based line of the cell, when known.</param>
/// <param name="Column">1-based column, when known.</param>
/// <param name="Trace">Frames of the user's code, innermost first; empty for what did not compile.</param>
public sealed record CellFailedNotification(long Request, string Kind, string Message, int? Line, int? Column, IReadOnlyList<string> Trace) : KernelNotification(Request);

/// <summary>How a cell ended.</summary>
public enum CellState { Succeeded, Failed, Interrupted }

/// <summary>The last word about a cell.</summary>
/// <param name="Milliseconds">Time it ran.</param>
/// <param name="Memory">Working set of the kernel in bytes.</param>
public sealed record CellFinishedNotification(long Request, CellState State, double Milliseconds, long Memory) : KernelNotification(Request);

/// <summary>One thing that may be written at a place.</summary>
/// <param name="Kind"><c>method property field event type namespace local parameter keyword</c>.</param>
/// <param name="Detail">Its declaration, when it has one.</param>
public sealed record Completion(string Text, string Kind, string? Detail);

/// <summary>What may stand at a place, ordered by text.</summary>
/// <param name="Start">Where the word being written begins; a choice replaces it.</param>
public sealed record CompletionsNotification(long Request, int Start, int Length, IReadOnlyList<Completion> Items) : KernelNotification(Request);

/// <summary>How grave a finding is.</summary>
public enum FindingLevel { Info, Warning, Error }

/// <summary>A finding in a cell's text; lines and columns count from 1, the end is behind the last character.</summary>
/// <param name="Code">As <c>CS0103</c> or <c>Binder Error</c>.</param>
public sealed record CellFinding(FindingLevel Level, string Code, string Message, int Line, int Column, int EndLine, int EndColumn);

/// <summary>What is wrong with a cell's text, at most 100 findings.</summary>
public sealed record DiagnosticsNotification(long Request, IReadOnlyList<CellFinding> Findings) : KernelNotification(Request);

/// <summary>What stands at a place.</summary>
/// <param name="Text">Its declaration; null when there is nothing to say.</param>
public sealed record HoverNotification(long Request, string? Text, int Start, int Length) : KernelNotification(Request);

/// <summary>One way to call.</summary>
/// <param name="Label">The whole declaration.</param>
/// <param name="Parameters">The parameters as they stand in the label.</param>
public sealed record CallSignature(string Label, IReadOnlyList<string> Parameters);

/// <summary>The ways to call what a place is in; none when it is in no call.</summary>
/// <param name="Active">Number of the one that fits what is written, from 0.</param>
/// <param name="ActiveParameter">Number of the argument being written, from 0.</param>
public sealed record SignatureNotification(long Request, IReadOnlyList<CallSignature> Signatures, int Active, int ActiveParameter) : KernelNotification(Request);

/// <summary>The names that a cell uses.</summary>
/// <param name="Writes">Names that later cells can read: variables, methods, types, results, tables.</param>
/// <param name="Reads">Names that it may take from other cells; more than are really there does no harm.</param>
/// <param name="Tables">Tables of the lake, as <c>gold.delays</c>.</param>
public sealed record CellNames(string Id, IReadOnlyList<string> Writes, IReadOnlyList<string> Reads, IReadOnlyList<string> Tables);

/// <summary>The names that cells use, in the order of the cells asked about.</summary>
public sealed record AnalysisNotification(long Request, IReadOnlyList<CellNames> Cells) : KernelNotification(Request);

/// <summary>A value, or a span of values, and how many rows have it.</summary>
/// <param name="Label">The value as text; of a span its lower end.</param>
/// <param name="To">The span's upper end; null for a single value.</param>
public sealed record ProfileBar(string Label, string? To, long Rows);

/// <summary>One column of a table, over all its rows.</summary>
/// <param name="Distinct">Number of different values, approximate above some thousands.</param>
/// <param name="Min">As text; null for types without an order and when all rows are NULL.</param>
/// <param name="Bars">Equal spans for numbers and times; the most frequent values for everything else.</param>
public sealed record ColumnProfile(string Name, string Type, long Nulls, long Distinct, string? Min, string? Max, double? Mean, IReadOnlyList<ProfileBar> Bars);

/// <summary>A table's columns, described.</summary>
public sealed record ProfileNotification(long Request, string Result, long Rows, IReadOnlyList<ColumnProfile> Columns) : KernelNotification(Request);

/// <summary>Values column by column: one JSON array a column, values as in <see cref="RowsNotification.Rows"/>.</summary>
/// <param name="IsCut">There were more rows than asked for.</param>
public sealed record ColumnsNotification(long Request, IReadOnlyList<TableColumn> Columns, IReadOnlyList<JsonElement> Values, bool IsCut) : KernelNotification(Request);

/// <summary>Memory of the kernel in bytes.</summary>
/// <param name="WorkingSet">Of the process.</param>
/// <param name="Managed">Of .NET's heap.</param>
/// <param name="Engine">Of DuckDB's buffers.</param>
/// <param name="Submissions">C# cells run; memory grows faster than this number, so offer a restart when it is in the hundreds.</param>
public sealed record MemoryNotification(long Request, long WorkingSet, long Managed, long Engine, int Submissions) : KernelNotification(Request);

/// <summary>Rows were written to a file.</summary>
public sealed record StoredNotification(long Request, long Rows) : KernelNotification(Request);

/// <summary>The cells as one C# file.</summary>
public sealed record ProgramNotification(long Request, string Text) : KernelNotification(Request);

/// <summary>A command could not be done (unknown result, unreadable line, SQL error while fetching …).</summary>
public sealed record RefusedNotification(long Request, string Message) : KernelNotification(Request);
