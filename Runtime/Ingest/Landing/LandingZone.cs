using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using FlowForge.Ingest.Sources;
using FlowForge.Lake.Files;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Landing;

/// <summary>
/// The raw files of one run of a job: <c>landing/&lt;pipeline&gt;/&lt;job&gt;/yyyy/MM/dd/…</c>. Names are made from the run's time, so every
/// attempt makes the same ones; a manifest says what an earlier attempt has landed whole.
/// </summary>
internal sealed class LandingZone
{
    private const int CopyBytes = 1 << 20;
    private const int FlushBytes = 16 << 20;
    private readonly string _folder;
    private readonly string _pattern;
    private readonly string _runId;
    private readonly DateTimeOffset _runTime;
    private readonly LandingManifest _manifest;
    private readonly HashSet<string> _taken;
    // Trees have a file of one name in each of their folders: the next number for it.
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Lazy<HashSet<string>> _others;
    private bool _swept;
    private bool _cleared;

    /// <param name="root">The lake's landing folder.</param>
    /// <param name="pipeline">The pipeline's name.</param>
    /// <param name="job">The job's name.</param>
    /// <param name="runId">The run; the manifest is its.</param>
    /// <param name="runTime">The run's time, UTC.</param>
    /// <param name="pattern"><c>filename_pattern</c>.</param>
    public LandingZone(string root, string pipeline, string job, string runId, DateTimeOffset runTime, string pattern)
    {
        JobFolder = Path.Combine(root, pipeline, job);
        _folder = Path.Combine(JobFolder, runTime.ToString("yyyy/MM/dd", CultureInfo.InvariantCulture));
        (_runTime, _pattern, _runId) = (runTime, pattern, runId);
        _manifest = new LandingManifest(ManifestPath);
        _taken = [.. _manifest.Files.Select(f => Path.GetFileName(f.LocalPath))];
        _others = new(() => LandingManifest.OfJob(JobFolder, ManifestPath).Select(f => f.LocalPath).ToHashSet(StringComparer.Ordinal));
    }

    public string JobFolder { get; }

    private string ManifestPath => Path.Combine(JobFolder, "_flowforge", _runId + ".json");

    // What was landed since the manifest was saved last: ticks and name, each ended by a zero.
    private string UnsavedPath => Path.Combine(JobFolder, "_flowforge", _runId + ".unsaved");

    /// <summary>The files that the run has landed whole.</summary>
    public IReadOnlyList<LandedFile> Landed => _manifest.Files;

    /// <summary>Whether the run has landed anything, and all of it is still there.</summary>
    public bool HasAll()
    {
        if (File.Exists(RowManifestPath)) return RowManifest.Open(RowManifestPath, keep: true) is { IsComplete: true } rows && rows.Parts.All(p => IsWhole(p.LocalPath, p.Bytes));
        return Landed.Count > 0 && Landed.All(f => IsWhole(f.LocalPath, f.Size));
    }

    /// <summary>What another run has landed is what this one has landed. May be repeated.</summary>
    public void TakeOver(LandingZone other)
    {
        foreach (var (theirs, mine) in new[] { (other.ManifestPath, ManifestPath), (other.RowManifestPath, RowManifestPath) })
        {
            if (!File.Exists(theirs)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(mine)!);
            var temporary = mine + ".tmp";
            File.Copy(theirs, temporary, overwrite: true);
            using (var file = new FileStream(temporary, FileMode.Open, FileAccess.Write)) file.Flush(flushToDisk: true);
            File.Move(temporary, mine, overwrite: true);
        }
        foreach (var file in other.Landed) _manifest.Add(file);
    }

    /// <summary>What the run has landed so far is no longer its own: it begins anew. The files stay, and so does the list of them, under another name.</summary>
    public void PutAside()
    {
        foreach (var path in new[] { ManifestPath, RowManifestPath })
            if (File.Exists(path)) File.Move(path, path[..^".json".Length] + ".rejected.json", overwrite: true);
        if (File.Exists(UnsavedPath)) File.Delete(UnsavedPath);
    }

    /// <summary>
    /// After a failure that only another source mends: what was read of a database, an API or a stream does not count any more, nor do files of which the source gives no mark, for
    /// nobody could tell that they were mended. The copies stay, and so do lists of them.
    /// </summary>
    public void Forget()
    {
        if (File.Exists(RowManifestPath) && RowManifest.Open(RowManifestPath, keep: true).IsComplete) File.Move(RowManifestPath, Aside(RowManifestPath));
        var unmarked = _manifest.Files.Where(f => f.ETag is null && f.Modified is null).ToList();
        if (unmarked.Count == 0 || !File.Exists(ManifestPath)) return;
        File.Copy(ManifestPath, Aside(ManifestPath));
        foreach (var file in unmarked) _manifest.Remove(file);
        _manifest.Save();
    }

    // Each list keeps its name: the files in it are removed by it one day.
    private static string Aside(string path)
    {
        var stem = path[..^".json".Length];
        var aside = stem + ".rejected.json";
        for (var n = 2; File.Exists(aside); n++) aside = string.Create(CultureInfo.InvariantCulture, $"{stem}.{n}.rejected.json");
        return aside;
    }

    private static bool IsWhole(string path, long bytes) => new FileInfo(path) is { Exists: true } file && file.Length == bytes;

    /// <summary>Where the manifest of a read of rows lies.</summary>
    public string RowManifestPath => Path.Combine(JobFolder, "_flowforge", "rows", _runId + ".json");

    /// <summary>A new path for a file of our own making (rows as Parquet, pages as NDJSON); its folder exists.</summary>
    public string PartPath(string fileName)
    {
        Directory.CreateDirectory(_folder);
        string path;
        do path = Path.Combine(_folder, Unique(fileName));
        while (File.Exists(path));
        return path;
    }

    /// <summary>Where a file is written until it is whole: its name says by which run, and what a killed attempt of this run left goes when the next one begins to land.</summary>
    public string TemporaryFor(string path)
    {
        var run = string.Concat(_runId.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        if (!_swept)
        {
            _swept = true;
            foreach (var file in Directory.EnumerateFiles(_folder, $".*.{run}.*.tmp")) File.Delete(file);
        }
        return Path.Combine(_folder, $".{Path.GetFileName(path)}.{run}.{Guid.NewGuid():n}.tmp");
    }

    /// <summary>Copies a file as it is and hashes it on the way. What an earlier attempt landed whole is used again; what another run landed stays as it is.</summary>
    /// <param name="file">The source file.</param>
    /// <param name="copied">Told the bytes as they are copied.</param>
    /// <param name="cancellationToken">Ends the copying; nothing half-made stays.</param>
    public async Task<LandedFile> LandAsync(SourceFile file, Action<int> copied, CancellationToken cancellationToken)
    {
        if (_manifest.Find(file) is { } landed)
        {
            copied((int)Math.Min(int.MaxValue, landed.Size));
            return landed;
        }
        Directory.CreateDirectory(_folder);
        ClearUnsaved();
        var temporary = TemporaryFor(file.Name.Replace('\0', '_'));
        try
        {
            var (size, hash) = await CopyAsync(await file.OpenAsync(cancellationToken).ConfigureAwait(false), temporary, copied, cancellationToken).ConfigureAwait(false);
            if (file.Size is { } expected && expected != size)
                throw new TransientException($"{file.Path} had {expected} bytes when it was listed and {size} when it was read: it is being written.");
            var target = Place(temporary, file.Name);
            var result = new LandedFile(file.Path, size, file.ETag, file.Modified?.ToUniversalTime(), hash, target);
            _manifest.Add(result);
            return result;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Removes a landed copy that is not wanted (a duplicate). One that another run has landed, too, stays.</summary>
    public void Discard(LandedFile file)
    {
        if (!_others.Value.Contains(file.LocalPath)) File.Delete(file.LocalPath);
        _manifest.Remove(file);
    }

    /// <summary>Makes the list of landed files durable.</summary>
    public void Save()
    {
        _manifest.Save();
        File.Delete(UnsavedPath);
    }

    /// <summary>Gives a whole file its name, one that nothing has: with a pattern without the time, runs of one day make the same names.</summary>
    private string Place(string temporary, string fileName)
    {
        while (true)
        {
            var target = PartPath(fileName);
            try { File.Move(temporary, target, overwrite: false); }
            catch (IOException) when (File.Exists(target) && File.Exists(temporary)) { continue; }
            Directory.CreateDirectory(Path.GetDirectoryName(UnsavedPath)!);
            File.AppendAllText(UnsavedPath, string.Create(CultureInfo.InvariantCulture, $"{File.GetLastWriteTimeUtc(target).Ticks} {target}\0"));
            return target;
        }
    }

    // What a killed attempt of this run has landed and not saved is landed again: its copies go, if they are still those.
    private void ClearUnsaved()
    {
        if (_cleared) return;
        _cleared = true;
        if (!File.Exists(UnsavedPath)) return;
        foreach (var entry in File.ReadAllText(UnsavedPath).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var (ticks, path) = (entry[..Math.Max(0, entry.IndexOf(' ', StringComparison.Ordinal))], entry[(entry.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            if (!_manifest.Has(path) && File.Exists(path) && File.GetLastWriteTimeUtc(path).Ticks.ToString(CultureInfo.InvariantCulture) == ticks) File.Delete(path);
        }
        File.Delete(UnsavedPath);
    }

    /// <summary>Hashes a file where it is.</summary>
    public static async Task<LandedFile> ReferenceAsync(SourceFile file, Action<int> read, CancellationToken cancellationToken)
    {
        var local = PlaceOf(file);
        var (size, hash) = await CopyAsync(await file.OpenAsync(cancellationToken).ConfigureAwait(false), null, read, cancellationToken).ConfigureAwait(false);
        return new LandedFile(file.Path, size, file.ETag, file.Modified?.ToUniversalTime(), hash, local);
    }

    /// <summary>Where a file that is read in place lies.</summary>
    public static string PlaceOf(SourceFile file) =>
        file.LocalPath ?? throw new TerminalException($"{file.Path} is not on this machine and cannot be read in place.", "Remove landing: reference.");

    /// <summary>Reads a stream to its end, hashes it, and copies it where a target is given. The stream is disposed.</summary>
    public static async Task<(long Size, string Hash)> CopyAsync(Stream source, string? target, Action<int> copied, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var _ = source.ConfigureAwait(false);
        var copy = target is null ? null : new FileStream(target, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 });
        // While one buffer is hashed and written the next one is read, and the disk takes what came before.
        var (current, next) = (ArrayPool<byte>.Shared.Rent(CopyBytes), ArrayPool<byte>.Shared.Rent(CopyBytes));
        try
        {
            long size = 0;
            var read = await source.ReadAtLeastAsync(current, CopyBytes, false, cancellationToken).ConfigureAwait(false);
            while (read > 0)
            {
                var buffer = next;
                var ahead = Task.Run(() => source.ReadAtLeastAsync(buffer, CopyBytes, false, cancellationToken).AsTask(), cancellationToken);
                var written = copy?.WriteAsync(current.AsMemory(0, read), CancellationToken.None) ?? ValueTask.CompletedTask;
                hash.AppendData(current, 0, read);
                await written.ConfigureAwait(false);
                size += read;
                if (copy is not null && size / FlushBytes != (size - read) / FlushBytes) Durable.StartFlush(copy.SafeFileHandle);
                copied(read);
                read = await ahead.ConfigureAwait(false);
                (current, next) = (next, current);
            }
            copy?.Flush(flushToDisk: true);
            ArrayPool<byte>.Shared.Return(current);
            ArrayPool<byte>.Shared.Return(next);
            return (size, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        finally
        {
            // After a failure the read ahead may still fill its array: nobody else may get it.
            if (copy is not null) await copy.DisposeAsync().ConfigureAwait(false);
        }
    }

    private string Unique(string fileName)
    {
        var name = _pattern.Replace("{timestamp}", _runTime.ToString("yyyyMMddTHHmmssZ", CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("{filename}", fileName, StringComparison.Ordinal);
        name = string.Concat(name.Select(c => c is '/' or '\\' or '\0' ? '_' : c));
        var unique = name;
        var n = _numbers.GetValueOrDefault(name, 2);
        for (; !_taken.Add(unique); n++)
            unique = string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(name)}_{n}{Path.GetExtension(name)}");
        _numbers[name] = n;
        return unique;
    }
}
