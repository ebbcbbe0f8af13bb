using System.Runtime.CompilerServices;
using FlowForge.Plugins.Files;

namespace FlowForge.Plugins.Ftp;

/// <summary>Hands over files of an FTP server, protected by TLS unless it is told otherwise.</summary>
[Connector("ftp", Title = "FTP", Description = "Reads files from FTP and FTPS servers, and deletes or moves them once they are loaded.")]
public sealed class FtpConnector(ConnectorContext<FtpSpec> context) : IFileSource, IAfterCommit, ITestConnection, IDiscover, IReportHealth
{
    private const int MostDepth = 64;
    private readonly FtpSpec _spec = context.Settings;

    public async IAsyncEnumerable<SourceFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_spec.AfterLoad == AfterLoad.Move && string.IsNullOrEmpty(_spec.MoveTo)) throw new TerminalException("after_load is move, and move_to is not given.", "Say where loaded files go, e.g. move_to: done");
        using var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        var done = _spec.AfterLoad == AfterLoad.Move ? Absolute(connection.Home, _spec.MoveTo!).TrimEnd('/') + "/" : null;
        var youngest = _spec.MinAge > TimeSpan.Zero ? DateTimeOffset.UtcNow - _spec.MinAge : (DateTimeOffset?)null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pattern in _spec.Path)
            await foreach (var (path, entry) in MatchAsync(connection, Absolute(connection.Home, pattern), cancellationToken).ConfigureAwait(false))
            {
                if (_spec.Exclude.Any(x => Glob.MatchesPathOrName(x, path)) || (done is not null && path.StartsWith(done, StringComparison.Ordinal)) || !seen.Add(path)) continue;
                // Listings round sizes and times or leave them out; what is compared later has to be exact.
                if (await FtpStream.FactsAsync(connection, path, cancellationToken, entry).ConfigureAwait(false) is not { } facts || facts.Modified > youngest) continue;
                yield return new SourceFile { Path = path, Size = facts.Size ?? entry.Size, Modified = facts.Modified, OpenAsync = ct => FtpStream.OpenAsync(_spec, path, facts, ct) };
            }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var files = 0;
            if (_spec.Path.Count == 0) (await OpenAsync(cancellationToken).ConfigureAwait(false)).Dispose();
            else await foreach (var _ in ListAsync(cancellationToken).ConfigureAwait(false)) files++;
            return _spec.Path.Count == 0 ? $"{_spec.Host} lets {_spec.User} in" : $"{_spec.Host} lets {_spec.User} in, {files} files match";
        }
        catch (TransientException e)
        {
            throw new TerminalException(e.Message, "Check host, port and tls, and whether the server runs.", e);
        }
    }

    /// <summary>How long the server's certificate lasts: one that is pinned here has to be named anew by then.</summary>
    public async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken)
    {
        if (_spec.Tls == FtpTls.None) return [];
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await FtpConnection.CertificateEndsAsync(_spec, cancellationToken).ConfigureAwait(false) is { } ends ? [new HealthFact("certificate ends in", Math.Round((ends - DateTimeOffset.UtcNow).TotalDays, 1), "days")] : [];
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in ListAsync(cancellationToken).ConfigureAwait(false)) yield return new DiscoveredTable(file.Path) { Bytes = file.Size };
    }

    /// <summary>Deletes or moves what was loaded. What is gone already was done by an earlier try.</summary>
    public async Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken)
    {
        if (_spec.AfterLoad == AfterLoad.Keep || filePaths.Count == 0) return;
        using var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        foreach (var path in filePaths)
        {
            if (await FtpStream.FactsAsync(connection, path, cancellationToken).ConfigureAwait(false) is null)
            {
                context.Log.Debug($"{path} is gone already.");
                continue;
            }
            if (_spec.AfterLoad == AfterLoad.Move) await MoveAsync(connection, path, Absolute(connection.Home, _spec.MoveTo!).TrimEnd('/'), cancellationToken).ConfigureAwait(false);
            else if (await connection.SendAsync("DELE " + path, cancellationToken).ConfigureAwait(false) is { IsGood: false } reply) throw Refused(path, reply);
        }
    }

    /// <summary>A file of that name which is there already is another one, and keeps its place.</summary>
    private static async Task MoveAsync(FtpConnection connection, string path, string folder, CancellationToken ct)
    {
        for (var slash = folder.IndexOf('/', 1); ; slash = folder.IndexOf('/', slash + 1))
        {
            // One that is there is refused; whether the last is usable shows at the rename.
            await connection.SendAsync("MKD " + (slash < 0 ? folder : folder[..slash]), ct).ConfigureAwait(false);
            if (slash < 0) break;
        }
        var name = path[(path.LastIndexOf('/') + 1)..];
        var target = $"{folder}/{name}";
        for (var n = 2; await FtpStream.FactsAsync(connection, target, ct).ConfigureAwait(false) is not null; n++) target = $"{folder}/{name}.{n}";
        var from = await connection.SendAsync("RNFR " + path, ct).ConfigureAwait(false);
        if (from.Code != 350) throw Refused(path, from);
        if (await connection.SendAsync("RNTO " + target, ct).ConfigureAwait(false) is { IsGood: false } reply) throw Refused(path, reply);
    }

    private static async IAsyncEnumerable<(string Path, FtpEntry Entry)> MatchAsync(FtpConnection connection, string pattern, [EnumeratorCancellation] CancellationToken ct)
    {
        if (!Glob.IsPattern(pattern))
        {
            if (await FtpStream.FactsAsync(connection, pattern, ct).ConfigureAwait(false) is { } file)
            {
                yield return (pattern, file);
                yield break;
            }
            if (!await IsFolderAsync(connection, pattern, ct).ConfigureAwait(false)) throw Missing(pattern);
            foreach (var entry in await EntriesAsync(connection, pattern, ct).ConfigureAwait(false))
                if (!entry.IsFolder && !entry.Name.StartsWith('.')) yield return ($"{pattern.TrimEnd('/')}/{entry.Name}", entry);
            yield break;
        }
        var parts = pattern.Split('/');
        var first = Array.FindIndex(parts, Glob.IsPattern);
        var begin = first <= 1 ? "/" : string.Join('/', parts[..first]);
        var depth = parts[first..].Any(p => p.Contains("**", StringComparison.Ordinal)) ? MostDepth : parts.Length - first;
        if (!await IsFolderAsync(connection, begin, ct).ConfigureAwait(false)) throw Missing(begin);
        var folders = new Stack<(string Path, int Depth)>([(begin, depth)]);
        while (folders.TryPop(out var folder))
        {
            ct.ThrowIfCancellationRequested();
            foreach (var entry in await EntriesAsync(connection, folder.Path, ct).ConfigureAwait(false))
            {
                var path = $"{folder.Path.TrimEnd('/')}/{entry.Name}";
                if (!entry.IsFolder && Glob.MatchesPathOrName(pattern, path)) yield return (path, entry);
                else if (entry.IsFolder && folder.Depth > 1) folders.Push((path, folder.Depth - 1));
            }
        }
    }

    internal static async Task<bool> IsFolderAsync(FtpConnection connection, string path, CancellationToken ct) => (await connection.SendAsync("CWD " + path, ct).ConfigureAwait(false)).IsGood;

    internal static async Task<List<FtpEntry>> EntriesAsync(FtpConnection connection, string folder, CancellationToken ct)
    {
        // Into the folder first: servers take what follows LIST for options and patterns of their own.
        var inside = await connection.SendAsync("CWD " + folder, ct).ConfigureAwait(false);
        if (!inside.IsGood) throw Refused(folder, inside);
        var isExact = connection.Features.Contains("MLST");
        var (data, reply) = await connection.ReceiveAsync(isExact ? "MLSD" : "LIST -a", 0, ct).ConfigureAwait(false);
        if (data is null) throw Refused(folder, reply);
        var entries = new List<FtpEntry>();
        using (var reader = new StreamReader(data))
            while (await connection.WithinAsync(reader.ReadLineAsync, ct).ConfigureAwait(false) is { } line)
                if ((isExact ? FtpListing.OfFacts(line) : FtpListing.OfList(line)) is { } entry) entries.Add(entry);
        var end = await connection.EndAsync(ct).ConfigureAwait(false);
        return end.IsGood ? [.. entries.OrderBy(e => e.Name, StringComparer.Ordinal)] : throw Refused(folder, end);
    }

    private static TerminalException Missing(string path) => new($"{path} does not exist on the server.", "Correct the path, or use a pattern when the file may be absent.");

    internal static Exception Refused(string path, FtpReply reply) => reply.Code switch
    {
        550 or 553 => new TerminalException($"{path}: the server does not allow it, or it is gone ({reply.Code} {reply.Text}).", "Ask its operator for the right to read the files, and to move or delete them when after_load says so."),
        522 or 425 or 426 when reply.Text.Contains("SSL", StringComparison.OrdinalIgnoreCase) || reply.Text.Contains("TLS", StringComparison.OrdinalIgnoreCase) => new TransientException($"{path}: the protected data connection failed ({reply.Code} {reply.Text})."),
        _ => reply.Failure(path),
    };

    private static string Absolute(string home, string path) => path.StartsWith('/') ? path : $"{home.TrimEnd('/')}/{(path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path)}";

    private async Task<FtpConnection> OpenAsync(CancellationToken ct)
    {
        await context.Pace.WaitAsync(ct).ConfigureAwait(false);
        return await FtpConnection.OpenAsync(_spec, ct).ConfigureAwait(false);
    }
}
