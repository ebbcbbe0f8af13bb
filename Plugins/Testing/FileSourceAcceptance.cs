using System.Security.Cryptography;

namespace FlowForge.Plugins.Testing;

/// <summary>A rule of the contract that a connector breaks. The message says which and how.</summary>
public sealed class AcceptanceException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What every source of files must do. Independent of test frameworks: a broken rule throws.</summary>
public static class FileSourceAcceptance
{
    /// <summary>Checks a source that has at least one file.</summary>
    /// <param name="open">Makes a new connector, as for a new run.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="AcceptanceException">A rule is broken.</exception>
    public static async Task CheckAsync(Func<IFileSource> open, CancellationToken cancellationToken = default)
    {
        // Files are opened while their connector lives.
        var source = open();
        ConnectorAcceptance.CheckSpec(source.GetType());
        try { await CheckAsync(source, open, cancellationToken).ConfigureAwait(false); }
        finally { await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false); }
        await CheckCancellationAsync(open()).ConfigureAwait(false);
    }

    private static async Task CheckAsync(IFileSource source, Func<IFileSource> open, CancellationToken cancellationToken)
    {
        var first = await ListAsync(source, cancellationToken).ConfigureAwait(false);
        Require(first.Count > 0, "The source to check must have at least one file.");
        foreach (var twice in first.GroupBy(f => f.Path, StringComparer.Ordinal).Where(g => g.Count() > 1))
            throw new AcceptanceException($"{twice.Key} is listed {twice.Count()} times: a path names one file.");
        var other = open();
        List<SourceFile> second;
        try { second = await ListAsync(other, cancellationToken).ConfigureAwait(false); }
        finally { await ConnectorAcceptance.EndAsync(other).ConfigureAwait(false); }
        Require(first.Select(Facts).SequenceEqual(second.Select(Facts)), "A second listing differs from the first while nothing changed: order and facts must be stable.");
        foreach (var file in first) await CheckFileAsync(file, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CheckFileAsync(SourceFile file, CancellationToken cancellationToken)
    {
        Require(file.Path.Length > 0 && !file.Path.Contains('\\'), $"The path \"{file.Path}\" must not be empty and has / as its separator.");
        Require(file.ETag is not null || file.Modified is not null || file.Size is not null, $"{file.Path} has no size, no time and no etag: without any, every run reads it again.");
        var (size, hash) = await ReadAsync(file, cancellationToken).ConfigureAwait(false);
        Require(file.Size is null || file.Size == size, $"{file.Path} is listed with {file.Size} bytes and has {size}.");
        var again = await ReadAsync(file, cancellationToken).ConfigureAwait(false);
        Require(hash == again.Hash, $"{file.Path} has other content when it is opened a second time.");
        Require(file.LocalPath is null || File.Exists(file.LocalPath), $"{file.Path} says that it lies at {file.LocalPath}, and there is nothing.");
    }

    private static async Task CheckCancellationAsync(IFileSource source)
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync().ConfigureAwait(false);
        try
        {
            await ListAsync(source, cancelled.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        finally
        {
            await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false);
        }
        throw new AcceptanceException("Listing goes on although it was cancelled: check the token for each file.");
    }

    /// <summary>The content of all files, by their names.</summary>
    public static async Task<IReadOnlyDictionary<string, byte[]>> ReadAllAsync(IFileSource source, CancellationToken cancellationToken = default)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        try
        {
            foreach (var file in await ListAsync(source, cancellationToken).ConfigureAwait(false))
            {
                var stream = await file.OpenAsync(cancellationToken).ConfigureAwait(false);
                await using var _ = stream.ConfigureAwait(false);
                using var copy = new MemoryStream();
                await stream.CopyToAsync(copy, cancellationToken).ConfigureAwait(false);
                Require(files.TryAdd(file.Name, copy.ToArray()), $"{file.Name} is listed twice.");
            }
        }
        finally
        {
            await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false);
        }
        return files;
    }

    /// <summary>Checks that a large file is read in bounded memory.</summary>
    /// <param name="open">A source with one file.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="mostBytes">By how much the managed heap may grow.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public static async Task CheckLargeAsync(Func<IFileSource> open, long bytes, long mostBytes, CancellationToken cancellationToken = default)
    {
        Require(bytes > mostBytes, $"A file of {bytes} bytes proves nothing where {mostBytes} may be held.");
        var growth = new HeapGrowth(mostBytes);
        var (read, _) = await StreamAsync(open(), bytes, at => growth.Look(at, bytes), cancellationToken).ConfigureAwait(false);
        Require(read == bytes, $"The file has {bytes} bytes, and {read} come.");
        growth.Check($"a file of {bytes >> 20} MB");
    }

    /// <summary>Checks that a cancelled read of a large file ends before the file does.</summary>
    public static async Task CheckCancelAsync(Func<IFileSource> open, long bytes, CancellationToken cancellationToken = default)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (read, cancelled) = await StreamAsync(open(), bytes, _ => cancel.Cancel(), cancel.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        Require(cancelled && read < bytes, $"A read that was cancelled after its first bytes went on to {read} of {bytes}.");
    }

    private static async Task<(long Read, bool IsCancelled)> StreamAsync(IFileSource source, long bytes, Action<long> took, CancellationToken cancellationToken)
    {
        long read = 0;
        try
        {
            var files = await ListAsync(source, cancellationToken).ConfigureAwait(false);
            Require(files.Count == 1, $"One file is needed, and {files.Count} are listed.");
            Require(files[0].Size is null || files[0].Size == bytes, $"The file is listed with {files[0].Size} bytes and has {bytes}.");
            var stream = await files[0].OpenAsync(cancellationToken).ConfigureAwait(false);
            await using var _ = stream.ConfigureAwait(false);
            var buffer = new byte[1 << 16];
            while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var some)
            {
                read += some;
                took(read);
            }
            return (read, false);
        }
        catch (OperationCanceledException) { return (read, true); }
        finally { await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false); }
    }

    private static async Task<List<SourceFile>> ListAsync(IFileSource source, CancellationToken cancellationToken)
    {
        var files = new List<SourceFile>();
        await foreach (var file in source.ListAsync(cancellationToken).ConfigureAwait(false)) files.Add(file);
        return files;
    }

    private static async Task<(long Size, string Hash)> ReadAsync(SourceFile file, CancellationToken cancellationToken)
    {
        var stream = await file.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        long size = 0;
        while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
            size += read;
        }
        return (size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static (string, long?, DateTimeOffset?, string?) Facts(SourceFile file) => (file.Path, file.Size, file.Modified, file.ETag);

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new AcceptanceException(message);
    }
}
