using FlowForge.Notebooks.Sessions.Documents;

namespace FlowForge.Notebooks.Sessions.Headless;

/// <summary>A notebook to be run without people.</summary>
public sealed record HeadlessRequest
{
    /// <summary>Belongs to the run, which puts parameters and outputs into it.</summary>
    public required NotebookDocument Document { get; init; }

    /// <summary>Values of its parameters as text.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Versions at which tables are read (<c>gold.delays</c>); others at their newest.</summary>
    public IReadOnlyDictionary<string, long> Versions { get; init; } = new Dictionary<string, long>();

    /// <summary>SQL literals that <c>getvariable('name')</c> stands for in its SQL cells.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Not null: the rows of <see cref="Result"/> are written there as Parquet.</summary>
    public string? RowsFile { get; init; }

    /// <summary>SQL result or C# collection; null: what the last SQL cell gave.</summary>
    public string? Result { get; init; }

    /// <summary>Called after each cell and at the end, with the document as it stands; what it throws ends the run.</summary>
    public Action<NotebookDocument> Keep { get; init; } = _ => { };
}

/// <summary>How far a run is.</summary>
/// <param name="Cell">Number of the cell that begins, from 1.</param>
/// <param name="Cells">Cells that are run.</param>
public sealed record HeadlessProgress(int Cell, int Cells);

/// <summary>What a run did.</summary>
/// <param name="Rows">Rows written; null when none were asked for.</param>
/// <param name="Reads">Tables read with their versions, as <c>gold.delays@12</c>.</param>
/// <param name="Skipped">Numbers of cells of other languages, which are not run.</param>
public sealed record HeadlessOutcome(int Cells, long? Rows, IReadOnlyList<string> Reads, IReadOnlyList<int> Skipped);

/// <summary>A cell failed, or its kernel did, or the rows could not be had.</summary>
/// <param name="cell">Number of the cell in the executed notebook, from 1; null when it was none.</param>
/// <param name="kind">As <c>Binder Error</c>, <c>System.DivideByZeroException</c>, <c>Kernel died</c>.</param>
/// <param name="isPassing">The same may well succeed later.</param>
public sealed class HeadlessException(int? cell, string kind, string message, bool isPassing = false) : Exception(message)
{
    public int? Cell => cell;

    public string Kind => kind;

    public bool IsPassing => isPassing;
}
