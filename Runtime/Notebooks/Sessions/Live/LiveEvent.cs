namespace FlowForge.Notebooks.Sessions.Live;

/// <summary>The kernel of a notebook as people see it.</summary>
/// <param name="State">Null: no kernel.</param>
/// <param name="Memory">Working set in bytes.</param>
/// <param name="Message">Why the last one ended, when it was not asked to.</param>
public sealed record LiveKernel(KernelState? State, int? ProcessId, long Memory, long MemoryLimit, DateTimeOffset? StartedAt, string? Message, int Viewers);

/// <summary>Something that happened to an open notebook. Immutable.</summary>
public abstract record LiveEvent;

/// <summary>All that there is; the first word to each viewer, and again to one who was too slow to hear everything.</summary>
public sealed record SnapshotEvent(LiveKernel Kernel, IReadOnlyList<LiveCellView> Cells, CellGraph Graph, IReadOnlyList<string> Stale, string? Revision) : LiveEvent;

/// <summary>The kernel changed.</summary>
public sealed record KernelEvent(LiveKernel Kernel) : LiveEvent;

/// <summary>A cell changed; its outputs are there when they were replaced as a whole.</summary>
public sealed record CellEvent(LiveCellView Cell) : LiveEvent;

/// <summary>A cell shows something.</summary>
/// <param name="Index">Number of the output, from 0: a new one, or one that changed.</param>
/// <param name="Added">Not null: only this text was added to it, and <paramref name="Output"/> is null.</param>
public sealed record OutputEvent(string Cell, int Index, LiveOutput? Output, string? Added) : LiveEvent;

/// <summary>What depends on what, and what is stale.</summary>
public sealed record GraphEvent(CellGraph Graph, IReadOnlyList<string> Stale) : LiveEvent;

/// <summary>The file's text changed: it was saved here, or somebody else wrote it.</summary>
public sealed record RevisionEvent(string Revision, bool IsOurs) : LiveEvent;

/// <summary>The notebook has another name now; null when it was deleted.</summary>
public sealed record MovedEvent(string? Path) : LiveEvent;
