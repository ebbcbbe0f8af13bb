using FlowForge.Catalog;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Landing;

/// <summary>
/// Hashes large files in the background, one after the other, while their rows are read: for files of which the hash cannot decide whether they are read at all. Each is open from the
/// beginning, so that what cannot be opened is told before anything is read. Dispose it when the run ends: what is not done by then is given up.
/// </summary>
/// <param name="least">Bytes from which on a file is worth it.</param>
internal sealed class LateHashes(long least) : IAsyncDisposable
{
    private const int MostFiles = 16;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Stream> _open = [];
    private Task _last = Task.CompletedTask;

    public bool Takes(long size) => size >= least && _open.Count < MostFiles;

    /// <summary>Begins. Whoever asks the file for its hash waits for it.</summary>
    /// <param name="file">A file on this machine.</param>
    /// <param name="size">Bytes that it has by the listing; with others its hash is the failure that it changes.</param>
    /// <param name="ct">Ends the opening.</param>
    public async Task<LandedFile> BeginAsync(SourceFile file, long size, CancellationToken ct)
    {
        var local = LandingZone.PlaceOf(file);
        var source = await file.OpenAsync(ct).ConfigureAwait(false);
        _open.Add(source);
        var before = _last;
        var hashing = Task.Run(async () =>
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var (read, hash) = await LandingZone.CopyAsync(source, null, static _ => { }, _stop.Token).ConfigureAwait(false);
            return read == size ? hash : throw Changed(file.Path, "changed");
        }, CancellationToken.None);
        _last = hashing;
        return new LandedFile(file.Path, size, file.ETag, file.Modified?.ToUniversalTime(), "", local) { Hashing = hashing };
    }

    /// <param name="path">The file.</param>
    /// <param name="what">What happened to it.</param>
    public static JobFailedException Changed(string path, string what) =>
        new("FF2006", $"{path} {what} while it was read. Nothing was published.", "Run the job again when the source is at rest, or remove landing: reference.", transient: true);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var stream in _open) await stream.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }
}
