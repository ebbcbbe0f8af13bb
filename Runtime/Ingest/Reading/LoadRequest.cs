using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Reading;

/// <summary>What is to be loaded, into which table and by which rules. All passes of a load have the same; nothing in it is disposed by who reads it.</summary>
internal sealed record LoadRequest
{
    public required DuckSession Session { get; init; }

    /// <summary>Gets the rows.</summary>
    public required LakeTable Table { get; init; }

    /// <summary>The job with what people have decided of its columns.</summary>
    public required IngestDefinition Job { get; init; }

    public required JobRequest Run { get; init; }

    public required FormatSettings Settings { get; init; }

    public required Extraction Extraction { get; init; }

    /// <summary>What the job's last commit remembers; null without one.</summary>
    public required JobState? State { get; init; }

    /// <summary>Folder of files that last as long as the load.</summary>
    public required string Temporary { get; init; }

    public required ReadingProgress Progress { get; init; }

    public required IJobLog Log { get; init; }

    /// <summary>The files at the top, when these are the records of a child table.</summary>
    public IReadOnlyList<LandedFile>? ChildOf { get; init; }

    /// <summary>Asked about the version that the transaction stands on: another run may have committed since this one looked what is new. Throws when it has.</summary>
    public Action<TableSnapshot?>? CheckBase { get; init; }

    /// <summary>Asked for the bytes of memory that a table of very many columns needs.</summary>
    public Action<long, CancellationToken>? NeedsMemory { get; init; }

    /// <summary>For tests that lose rows.</summary>
    public RowTaps Taps { get; init; } = new();

    /// <summary>Whether each record names its fields, as JSON's do: one of them may lack any.</summary>
    public bool NamesFields => Extraction.Format is "json" or "ndjson" or "jsonl" || Extraction.Reader is { HasTypes: false };

    /// <summary>Whether arrays of objects become tables of their own.</summary>
    public bool Splits => Settings.File.Nested == Nested.Split && NamesFields;
}
