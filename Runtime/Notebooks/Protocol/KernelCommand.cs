using System.Text.Json.Serialization;

namespace FlowForge.Notebooks.Protocol;

/// <summary>What a session asks of its kernel. Immutable.</summary>
/// <param name="Request">Number chosen by the session, unique for the life of the kernel.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ExecuteCommand), "execute")]
[JsonDerivedType(typeof(InterruptCommand), "interrupt")]
[JsonDerivedType(typeof(RowsCommand), "rows")]
[JsonDerivedType(typeof(CountCommand), "count")]
[JsonDerivedType(typeof(ReleaseCommand), "release")]
[JsonDerivedType(typeof(CompleteCommand), "complete")]
[JsonDerivedType(typeof(DiagnoseCommand), "diagnose")]
[JsonDerivedType(typeof(HoverCommand), "hover")]
[JsonDerivedType(typeof(SignatureCommand), "signature")]
[JsonDerivedType(typeof(AnalyzeCommand), "analyze")]
[JsonDerivedType(typeof(ProfileCommand), "profile")]
[JsonDerivedType(typeof(ColumnsCommand), "columns")]
[JsonDerivedType(typeof(MemoryCommand), "memory")]
[JsonDerivedType(typeof(PrepareCommand), "prepare")]
[JsonDerivedType(typeof(StoreCommand), "store")]
[JsonDerivedType(typeof(ProgramCommand), "program")]
[JsonDerivedType(typeof(ShutdownCommand), "shutdown")]
public abstract record KernelCommand(long Request);

/// <summary>The language of a cell that a kernel can run.</summary>
public enum CellLanguage { Sql, CSharp }

/// <summary>
/// Runs one cell; cells run one after the other in the order of their commands. Answered by output of any kind and at the end, always,
/// <see cref="CellFinishedNotification"/>.
/// </summary>
/// <param name="Cell">The cell's id in the document; shown in stack traces.</param>
/// <param name="ResultName">Name under which later cells read the rows of a SQL cell; null: no name.</param>
/// <param name="FirstRows">Rows to send at once; the others are fetched by <see cref="RowsCommand"/>.</param>
public sealed record ExecuteCommand(long Request, string Cell, CellLanguage Language, string Code, string? ResultName = null, int FirstRows = 100) : KernelCommand(Request);

/// <summary>
/// Ends the cell or the rows being fetched by request <paramref name="Target"/>: its token is cancelled and SQL interrupted at once, a C#
/// loop is aborted a quarter of a second later. A cell that still waits does not start. Not answered; the target is.
/// </summary>
public sealed record InterruptCommand(long Request, long Target) : KernelCommand(Request);

/// <summary>Rows of a table that was shown, answered by one <see cref="RowsNotification"/> or <see cref="RefusedNotification"/>. May run beside a cell.</summary>
/// <param name="Result">From <see cref="TableNotification.Result"/>.</param>
/// <param name="OrderBy">Column to sort by; null keeps the query's own order.</param>
/// <param name="Where">Condition in SQL over the table's columns; null takes all rows.</param>
public sealed record RowsCommand(long Request, string Result, long Offset, int Limit, string? OrderBy = null, bool Descending = false, string? Where = null) : KernelCommand(Request);

/// <summary>Counts rows of a table that was shown, answered by <see cref="CountNotification"/> or <see cref="RefusedNotification"/>.</summary>
/// <param name="Where">Condition in SQL over the table's columns; null counts all rows.</param>
public sealed record CountCommand(long Request, string Result, string? Where = null) : KernelCommand(Request);

/// <summary>Frees what a shown table holds. Its name stays readable for SQL. Not answered.</summary>
public sealed record ReleaseCommand(long Request, string Result) : KernelCommand(Request);

/// <summary>Asks what may stand at a place of a cell; answered by <see cref="CompletionsNotification"/>, also while a cell runs.</summary>
/// <param name="Position">UTF-16 index into <paramref name="Code"/>.</param>
public sealed record CompleteCommand(long Request, string Code, int Position, CellLanguage Language = CellLanguage.CSharp) : KernelCommand(Request);

/// <summary>Asks what is wrong with a cell, without running it; answered by <see cref="DiagnosticsNotification"/>.</summary>
public sealed record DiagnoseCommand(long Request, CellLanguage Language, string Code) : KernelCommand(Request);

/// <summary>Asks what stands at a place of C# code; answered by <see cref="HoverNotification"/>.</summary>
public sealed record HoverCommand(long Request, string Code, int Position) : KernelCommand(Request);

/// <summary>Asks for the call that a place of C# code is in; answered by <see cref="SignatureNotification"/>.</summary>
public sealed record SignatureCommand(long Request, string Code, int Position) : KernelCommand(Request);

/// <summary>A cell as text.</summary>
/// <param name="ResultName">Of a SQL cell.</param>
public sealed record CellText(string Id, CellLanguage Language, string Code, string? ResultName = null);

/// <summary>Asks which names cells read and write, from their text alone; answered by <see cref="AnalysisNotification"/>.</summary>
public sealed record AnalyzeCommand(long Request, IReadOnlyList<CellText> Cells) : KernelCommand(Request);

/// <summary>Profiles all rows of a table that was shown; answered by <see cref="ProfileNotification"/> or <see cref="RefusedNotification"/>.</summary>
public sealed record ProfileCommand(long Request, string Result) : KernelCommand(Request);

/// <summary>Runs a query over results, collections and the lake and gives its values column by column; answered by <see cref="ColumnsNotification"/> or <see cref="RefusedNotification"/>.</summary>
/// <param name="Limit">Most rows, at most <see cref="KernelProtocol.MaxColumnRows"/>.</param>
public sealed record ColumnsCommand(long Request, string Sql, int Limit) : KernelCommand(Request);

/// <summary>Answered by <see cref="MemoryNotification"/>.</summary>
public sealed record MemoryCommand(long Request) : KernelCommand(Request);

/// <summary>Says, before the first cell, what a run without people is given. Not answered.</summary>
/// <param name="Versions">Versions at which tables of the lake (<c>gold.delays</c>) are read; all others at their newest.</param>
/// <param name="Variables">SQL literals that <c>getvariable('name')</c> stands for.</param>
public sealed record PrepareCommand(long Request, IReadOnlyDictionary<string, long> Versions, IReadOnlyDictionary<string, string> Variables) : KernelCommand(Request);

/// <summary>Writes all rows of a result or a C# collection to a Parquet file; answered by <see cref="StoredNotification"/> or <see cref="RefusedNotification"/>.</summary>
/// <param name="Name">The result or collection; null takes <paramref name="Result"/>.</param>
/// <param name="Result">From <see cref="TableNotification.Result"/>.</param>
/// <param name="File">A path that the kernel may write; a file there is overwritten.</param>
public sealed record StoreCommand(long Request, string? Name, string? Result, string File) : KernelCommand(Request);

/// <summary>A cell as a program has it.</summary>
/// <param name="Language">Null: text, which becomes a comment.</param>
public sealed record ProgramCell(CellLanguage? Language, string Source, string? ResultName = null);

/// <summary>Asks for a C# file that does what the cells do, run by <c>dotnet run file.cs</c>; answered by <see cref="ProgramNotification"/>. Nothing is run.</summary>
/// <param name="Title">For its first line.</param>
public sealed record ProgramCommand(long Request, string Title, IReadOnlyList<ProgramCell> Cells) : KernelCommand(Request);

/// <summary>Ends the kernel, whatever runs. Not answered. Closing its standard input does the same.</summary>
public sealed record ShutdownCommand(long Request) : KernelCommand(Request);
