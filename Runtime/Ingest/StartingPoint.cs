using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest;

/// <summary>What an attempt begins from. It stays as it is while the attempt lasts, whatever others commit meanwhile.</summary>
/// <param name="Before">The table as it is; null when it is not there.</param>
/// <param name="State">What the job's last commit remembers; null without one.</param>
/// <param name="Job">The definition with what people have decided of its columns since.</param>
internal sealed record StartingPoint(TableSnapshot? Before, JobState? State, IngestDefinition Job)
{
    /// <summary>The hold whose decision is carried out; null when there is none.</summary>
    public SchemaHold? GoesOn { get; init; }

    /// <summary>Whether what <see cref="GoesOn"/> has landed is loaded, and the source is not read.</summary>
    public bool IsLanded { get; init; }

    /// <summary>What is read was chosen by what the job had committed: another run of it that has committed since may have loaded the same.</summary>
    /// <param name="now">The version that a commit would stand on.</param>
    /// <param name="request">The run.</param>
    /// <exception cref="JobFailedException">There is such a commit.</exception>
    public void CheckAlone(TableSnapshot? now, JobRequest request)
    {
        if (now?.TransactionVersion(request.ApplicationId) == Before?.TransactionVersion(request.ApplicationId)) return;
        throw new JobFailedException("FF2060", $"Another run of this job has committed to bronze.{Job.Table} meanwhile (version {now!.Version}). Nothing was published.", "The next attempt begins from what is there then.", transient: true);
    }
}
