using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Landing;

namespace FlowForge.Ingest.Reading;

/// <summary>A landed file with its layout; null for a file without records.</summary>
internal sealed record PlannedFile(int Index, LandedFile File, FileLayout? Layout);

/// <summary>What is read and as what.</summary>
/// <param name="Files">All files of the run, in order.</param>
/// <param name="Columns">The columns to make of their records.</param>
/// <param name="FindsFields">Whether new fields of the records become columns.</param>
internal sealed record ReadPlan(IReadOnlyList<PlannedFile> Files, IReadOnlyList<TargetColumn> Columns, bool FindsFields);
