using FlowForge.Catalog;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Landing;

/// <summary>Lists a source's files and lands those that are new.</summary>
internal sealed class FileExtraction(IngestDefinition job, FileSettings settings, LandingZone landing, ReadingProgress progress, IJobLog log)
{
    private readonly List<SeenFile> _passedOver = [];

    /// <summary>Hashes what is read in place while it is read, where that can wait.</summary>
    public LateHashes? Late { get; init; }

    /// <param name="source">The connector.</param>
    /// <param name="format">Of the files.</param>
    /// <param name="seenBefore">What earlier runs have dealt with.</param>
    /// <param name="ct">Ends the copying.</param>
    public async Task<Extraction> RunAsync(IFileSource source, string format, IReadOnlyList<SeenFile> seenBefore, CancellationToken ct)
    {
        if (!job.ForceToParquet) seenBefore = [.. LandingManifest.OfJob(landing.JobFolder).Select(f => new SeenFile(f.Path, f.Size, f.ETag, f.Modified, f.Sha256, 0))];
        var listed = new List<SourceFile>();
        await foreach (var file in FileListing.ListAsync(source, job, settings.Reload, seenBefore, ct).ConfigureAwait(false)) listed.Add(file);
        var selection = new FileSelection(settings.Reload ? [] : seenBefore);
        var fresh = listed.Where(f => !selection.IsUnchanged(f)).ToList();
        // A replaced table holds what the source holds: if anything changed, all of it is read.
        var replaces = job.WriteMode == Pipelines.WriteMode.Replace;
        var there = replaces ? listed.Select(f => f.Path).ToHashSet(StringComparer.Ordinal) : [];
        var gone = replaces && seenBefore.Any(s => s.Note is null && !there.Contains(s.Path));
        if (replaces && gone && listed.Count == 0) throw new JobFailedException("FF2052", $"The source holds no files any more, and bronze.{job.Table} would be emptied. Nothing was published.", "Put the files back, or delete the table's rows by hand.");
        if (replaces && (fresh.Count > 0 || gone)) (fresh, selection) = (listed, new FileSelection([]));
        log.Info($"{listed.Count} files found, {fresh.Count} of them new or changed.");
        progress.Start("landing", fresh.Sum(f => f.Size ?? 0));
        var landed = new List<LandedFile>();
        var sizes = fresh.Select(f => f.Size).Concat(seenBefore.Select(s => (long?)s.Size)).CountBy(s => s ?? -1).ToDictionary();
        foreach (var file in fresh)
        {
            ct.ThrowIfCancellationRequested();
            if (Late is not null && job is { Landing: LandingMode.Reference, ForceToParquet: true } && file.Size is { } size && Late.Takes(size) && IsAloneIn(size))
            {
                landed.Add(await Late.BeginAsync(file, size, ct).ConfigureAwait(false));
                progress.Bytes((int)Math.Min(int.MaxValue, size));
                continue;
            }
            var copy = job.Landing == LandingMode.Copy
                ? await landing.LandAsync(file, progress.Bytes, ct).ConfigureAwait(false)
                : await LandingZone.ReferenceAsync(file, progress.Bytes, ct).ConfigureAwait(false);
            // Without a mark a file is fetched to be told from what it was; nothing is new to be noted of it.
            if (selection.Knows(copy)) Drop(copy);
            else if (selection.SameContent(copy) is { } same) PassOver(copy, same);
            else
            {
                selection.Add(new SeenFile(copy.Path, copy.Size, copy.ETag, copy.Modified, copy.Sha256, 0));
                landed.Add(copy);
            }
        }
        if (replaces && !gone && !settings.Reload && landed.Count > 0 && IsAllThereWas(landed, seenBefore))
        {
            log.Info("All of them are as they were.");
            foreach (var copy in landed) Drop(copy);
            landed.Clear();
            _passedOver.Clear();
        }
        if (job.Landing == LandingMode.Copy && fresh.Count > 0) landing.Save();
        return new Extraction { Files = landed, Format = format, PassedOver = _passedOver };

        // Files of one content have one size.
        bool IsAloneIn(long size) => sizes.GetValueOrDefault(size) == 1 && !sizes.ContainsKey(-1);
    }

    /// <summary>What a run has landed before, without asking the source; what the table has got since is passed over.</summary>
    public Extraction FromLanded(string format, IReadOnlyList<SeenFile> seenBefore)
    {
        var selection = new FileSelection(settings.Reload || job.WriteMode == Pipelines.WriteMode.Replace ? [] : seenBefore);
        var files = new List<LandedFile>();
        foreach (var copy in landing.Landed)
        {
            if (selection.SameContent(copy) is { } same) _passedOver.Add(new SeenFile(copy.Path, copy.Size, copy.ETag, copy.Modified, copy.Sha256, 0, same.Path == copy.Path ? "unchanged content" : $"duplicate of {same.Path}"));
            else files.Add(copy);
        }
        return new Extraction { Files = files, Format = format, PassedOver = _passedOver };
    }

    private bool IsAllThereWas(List<LandedFile> landed, IReadOnlyList<SeenFile> seenBefore)
    {
        var before = new FileSelection(seenBefore);
        var noted = seenBefore.ToHashSet();
        return landed.TrueForAll(before.Knows) && _passedOver.TrueForAll(noted.Contains) && landed.Count + _passedOver.Count == seenBefore.Count;
    }

    private void Drop(LandedFile copy)
    {
        if (job.Landing == LandingMode.Copy) landing.Discard(copy);
    }

    private void PassOver(LandedFile copy, SeenFile same)
    {
        var note = same.Path == copy.Path ? "unchanged content" : $"duplicate of {same.Path}";
        log.Info($"{copy.Path} is not loaded: {note}.");
        _passedOver.Add(new SeenFile(copy.Path, copy.Size, copy.ETag, copy.Modified, copy.Sha256, 0, note));
        Drop(copy);
    }
}
