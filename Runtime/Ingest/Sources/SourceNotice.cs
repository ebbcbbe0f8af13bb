using FlowForge.Catalog;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Reading;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Sources;

/// <summary>
/// What a source that wants to know (<see cref="IAfterCommit"/>) is told once its rows are safe, so that it moves or deletes files, or lets go of what a stream has read. Files are noted
/// before the commit: a run that was killed behind it has left its note, and the next one tells the source in its place.
/// </summary>
/// <param name="reload">Whether files that were dealt with are read again: the source is then listed whole.</param>
internal sealed class SourceNotice(LakeTable table, JobSource source, IngestDefinition job, bool reload, JobRequest request, ReadingProgress progress, IJobLog log)
{
    private bool TellsOfFiles => source.Connector is IFileSource and IAfterCommit;

    private UntoldFiles Untold => new(source.Landing().JobFolder);

    /// <summary>Notes the files that are about to be committed.</summary>
    public void Note(IReadOnlyList<SeenFile> seen)
    {
        if (TellsOfFiles && seen.Count > 0) Untold.Note(new(request.RunId, request.TxnVersion, seen));
    }

    /// <summary>
    /// Tells the source of this run's commit. It fails the attempt when it fails; the next attempt finds the commit done and does only this. Nothing is told when another run has
    /// committed since, or when there was nothing to commit.
    /// </summary>
    /// <exception cref="JobFailedException">The source could not be told.</exception>
    public async Task TellAsync(JobOutcome outcome, CancellationToken ct)
    {
        if (outcome.TableVersion is null || source.Connector is not IAfterCommit after) return;
        if (table.Latest()?.StateOf(request.ApplicationId) is not { } state || state.TransactionVersion != request.TxnVersion) return;
        progress.Start("finishing", null);
        try
        {
            IReadOnlyList<SeenFile> seen = [.. state.FilesSeen.Skip(state.FilesSeen.Count - state.FilesOfCommit)];
            var paths = source.Connector is IFileSource files ? await StillThereAsync(files, state, seen, ct).ConfigureAwait(false) : [.. seen.Select(f => f.Path)];
            await after.CommittedAsync(paths, state.Cursor, ct).ConfigureAwait(false);
            if (TellsOfFiles) Untold.Forget(request.RunId);
        }
        catch (Exception e) when (e is not JobFailedException && !ct.IsCancellationRequested)
        {
            throw new JobFailedException("FF2092", $"The rows are in {table.Name}, but {source.Name} could not be told: {e.Message}", "The next attempt only tells the source again; no row is read or loaded twice.", transient: e is not TerminalException, inner: e);
        }
    }

    /// <summary>Tells the source of files that a run before this one has committed, and did not live to say so. That it cannot be told yet is no reason to load nothing.</summary>
    /// <param name="state">What the job's last commit remembers; without one nothing was committed.</param>
    /// <param name="ct">Ends it.</param>
    public async Task TellOfOthersAsync(JobState? state, CancellationToken ct)
    {
        if (state is null || source.Connector is not IFileSource files || source.Connector is not IAfterCommit after) return;
        var untold = Untold;
        foreach (var noted in untold.OfOthers(request.RunId))
        {
            // A run whose commit never came has loaded none of its files; they are in the table all the same if another one has.
            var loaded = noted.Files.Intersect(state.FilesSeen).ToList();
            try
            {
                var paths = await StillThereAsync(files, state, loaded, ct).ConfigureAwait(false);
                if (paths.Count > 0)
                {
                    log.Info($"{noted.Run} has loaded {string.Join(", ", paths.Take(5))}{(paths.Count > 5 ? $" and {paths.Count - 5} more" : "")} and was ended before it told {source.Name}: that is done now.");
                    await after.CommittedAsync(paths, state.Cursor, ct).ConfigureAwait(false);
                }
                if (state.TransactionVersion >= noted.Transaction) untold.Forget(noted.Run);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.Warning($"{noted.Run} has loaded {loaded.Count} {(loaded.Count == 1 ? "file" : "files")} of which {source.Name} could not be told: {SecretMask.Hide(e.Message)} The next run tries again.");
            }
        }
    }

    /// <summary>The files that still are what was read: one that was written anew since is left to the next run, and one that is gone needs nothing.</summary>
    private async Task<IReadOnlyList<string>> StillThereAsync(IFileSource files, JobState state, IReadOnlyList<SeenFile> seen, CancellationToken ct)
    {
        if (seen.Count == 0) return [];
        var read = new FileSelection(seen);
        IReadOnlyList<SeenFile> before = [.. state.FilesSeen.TakeWhile(f => f != seen[0])];
        var paths = seen.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        var same = new List<string>();
        await foreach (var file in FileListing.ListAsync(files, job, reload, before, ct).ConfigureAwait(false))
        {
            if (!paths.Contains(file.Path)) continue;
            if (read.IsAsRead(file)) same.Add(file.Path);
            else log.Warning($"{file.Path} has changed since it was read: it is left as it is for the next run.");
        }
        return same;
    }
}
