using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Landing;

/// <summary>Which files a job asks its source for: all of them, or what is new where the source can tell by itself.</summary>
internal static class FileListing
{
    /// <param name="source">The connector.</param>
    /// <param name="job">One that replaces its table needs to see what is gone.</param>
    /// <param name="reload">Whether what was dealt with is wanted again.</param>
    /// <param name="seenBefore">What earlier runs have dealt with.</param>
    /// <param name="ct">Ends the listing.</param>
    public static IAsyncEnumerable<SourceFile> ListAsync(IFileSource source, IngestDefinition job, bool reload, IReadOnlyList<SeenFile> seenBefore, CancellationToken ct) =>
        source is IListNew able && !reload && seenBefore.Count > 0 && job.WriteMode != Pipelines.WriteMode.Replace
            ? able.ListNewAsync([.. seenBefore.Select(f => f.Path)], ct)
            : source.ListAsync(ct);
}
