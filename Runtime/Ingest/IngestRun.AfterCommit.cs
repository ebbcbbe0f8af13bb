using FlowForge.Catalog;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest;

/// <summary>What the source is told once its rows are safe.</summary>
internal sealed partial class IngestRun
{
    /// <summary>
    /// What the source may only do once the rows are safe. It fails the attempt when it fails; the next attempt finds the commit done and does only this. Nothing is told when
    /// another run has committed since.
    /// </summary>
    private async Task<JobOutcome> AfterCommitAsync(JobOutcome outcome, CancellationToken ct)
    {
        if (outcome.TableVersion is null || Connector.Connector is not IAfterCommit after) return outcome;
        if (_table.Latest()?.StateOf(request.ApplicationId) is not { } state || state.TransactionVersion != request.TxnVersion) return outcome;
        _progress.Start("finishing", null);
        try
        {
            IReadOnlyList<SeenFile> seen = [.. state.FilesSeen.Skip(state.FilesSeen.Count - state.FilesOfCommit)];
            var paths = Connector.Connector is IFileSource source ? await StillThereAsync(source, state, seen, ct).ConfigureAwait(false) : [.. seen.Select(f => f.Path)];
            await after.CommittedAsync(paths, state.Cursor, ct).ConfigureAwait(false);
            if (TellsOfFiles) Untold.Forget(request.RunId);
        }
        catch (Exception e) when (e is not JobFailedException && !ct.IsCancellationRequested)
        {
            throw new JobFailedException("FF2092", $"The rows are in {TableText}, but {SourceName} could not be told: {e.Message}", "The next attempt only tells the source again; no row is read or loaded twice.", transient: e is not TerminalException, inner: e);
        }
        return outcome;
    }

    private bool TellsOfFiles => Connector.Connector is IFileSource and IAfterCommit;
    private UntoldFiles Untold => new(Landing().JobFolder);

    /// <summary>Tells the source of files that a run before this one has committed, and did not live to say so. That it cannot be told yet is no reason to load nothing.</summary>
    private async Task TellOfOthersAsync(IFileSource source, JobState state, CancellationToken ct)
    {
        var untold = Untold;
        foreach (var noted in untold.OfOthers(request.RunId))
        {
            // A run whose commit never came has loaded none of its files; they are in the table all the same if another one has.
            var loaded = noted.Files.Intersect(state.FilesSeen).ToList();
            try
            {
                var paths = await StillThereAsync(source, state, loaded, ct).ConfigureAwait(false);
                if (paths.Count > 0)
                {
                    log.Info($"{noted.Run} has loaded {string.Join(", ", paths.Take(5))}{(paths.Count > 5 ? $" and {paths.Count - 5} more" : "")} and was ended before it told {SourceName}: that is done now.");
                    await ((IAfterCommit)source).CommittedAsync(paths, state.Cursor, ct).ConfigureAwait(false);
                }
                if (state.TransactionVersion >= noted.Transaction) untold.Forget(noted.Run);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.Warning($"{noted.Run} has loaded {loaded.Count} {(loaded.Count == 1 ? "file" : "files")} of which {SourceName} could not be told: {SecretMask.Hide(e.Message)} The next run tries again.");
            }
        }
    }

    /// <summary>The files that still are what was read: one that was written anew since is left to the next run, and one that is gone needs nothing.</summary>
    private async Task<IReadOnlyList<string>> StillThereAsync(IFileSource source, JobState state, IReadOnlyList<SeenFile> seen, CancellationToken ct)
    {
        if (seen.Count == 0) return [];
        var read = new FileSelection(seen);
        IReadOnlyList<SeenFile> before = [.. state.FilesSeen.TakeWhile(f => f != seen[0])];
        var paths = seen.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        var same = new List<string>();
        await foreach (var file in FileListing.ListAsync(source, job, _settings.File.Reload, before, ct).ConfigureAwait(false))
        {
            if (!paths.Contains(file.Path)) continue;
            if (read.IsAsRead(file)) same.Add(file.Path);
            else log.Warning($"{file.Path} has changed since it was read: it is left as it is for the next run.");
        }
        return same;
    }
}
