using System.Runtime.CompilerServices;
using FlowForge.Plugins.Files;

namespace FlowForge.Plugins.Sftp;

/// <summary>Hands over files of an SFTP server, a drop folder for example.</summary>
[Connector("sftp", Title = "SFTP", Description = "Reads files from SFTP servers, and deletes or moves them once they are loaded.")]
public sealed class SftpConnector(ConnectorContext<SftpSpec> context) : IFileSource, IAfterCommit, ITestConnection, IDiscover, IDisposable
{
    private readonly SftpSpec _spec = context.Settings;
    private SshKeys? _keys;
    private SftpSession? _session;

    public async IAsyncEnumerable<SourceFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_spec.AfterLoad == AfterLoad.Move && string.IsNullOrEmpty(_spec.MoveTo)) throw new TerminalException("after_load is move, and move_to is not given.", "Say where loaded files go, e.g. move_to: done");
        var session = await SessionAsync(cancellationToken).ConfigureAwait(false);
        var home = await session.RealPathAsync(".", cancellationToken).ConfigureAwait(false);
        var done = _spec.AfterLoad == AfterLoad.Move ? Absolute(home, _spec.MoveTo!).TrimEnd('/') + "/" : null;
        var youngest = _spec.MinAge > TimeSpan.Zero ? DateTimeOffset.UtcNow - _spec.MinAge : (DateTimeOffset?)null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pattern in _spec.Path)
            await foreach (var (path, facts) in MatchAsync(session, Absolute(home, pattern), cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_spec.Exclude.Any(x => Glob.MatchesPathOrName(x, path)) || (done is not null && path.StartsWith(done, StringComparison.Ordinal)) || facts.Modified > youngest || !seen.Add(path)) continue;
                yield return new SourceFile { Path = path, Size = facts.Size, Modified = facts.Modified, OpenAsync = ct => SftpStream.OpenAsync(SessionAsync, path, facts, ct) };
            }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var files = 0;
            if (_spec.Path.Count == 0) await (await SessionAsync(cancellationToken).ConfigureAwait(false)).RealPathAsync(".", cancellationToken).ConfigureAwait(false);
            else await foreach (var _ in ListAsync(cancellationToken).ConfigureAwait(false)) files++;
            return _spec.Path.Count == 0 ? $"{_spec.Host} lets {_spec.User} in" : $"{_spec.Host} lets {_spec.User} in, {files} files match";
        }
        catch (TransientException e)
        {
            throw new TerminalException(e.Message, "Check host and port, and whether the server runs.", e);
        }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in ListAsync(cancellationToken).ConfigureAwait(false)) yield return new DiscoveredTable(file.Path) { Bytes = file.Size };
    }

    /// <summary>Deletes or moves what was loaded. What is gone already was done by an earlier try.</summary>
    public async Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken)
    {
        if (_spec.AfterLoad == AfterLoad.Keep || filePaths.Count == 0) return;
        var session = await SessionAsync(cancellationToken).ConfigureAwait(false);
        var home = await session.RealPathAsync(".", cancellationToken).ConfigureAwait(false);
        foreach (var path in filePaths)
        {
            if (await session.StatAsync(path, cancellationToken).ConfigureAwait(false) is null)
            {
                context.Log.Debug($"{path} is gone already.");
                continue;
            }
            try
            {
                if (_spec.AfterLoad == AfterLoad.Delete) await session.RemoveAsync(path, cancellationToken).ConfigureAwait(false);
                else await MoveAsync(session, path, Absolute(home, _spec.MoveTo!).TrimEnd('/'), cancellationToken).ConfigureAwait(false);
            }
            catch (SftpException e) { throw Refused(path, e); }
        }
    }

    /// <summary>A file of that name which is there already is another one, and keeps its place.</summary>
    private static async Task MoveAsync(SftpSession session, string path, string folder, CancellationToken ct)
    {
        await EnsureAsync(session, folder, ct).ConfigureAwait(false);
        var name = path[(path.LastIndexOf('/') + 1)..];
        var target = $"{folder}/{name}";
        for (var n = 2; await session.StatAsync(target, ct).ConfigureAwait(false) is not null; n++) target = $"{folder}/{name}.{n}";
        await session.RenameAsync(path, target, ct).ConfigureAwait(false);
    }

    private static async Task EnsureAsync(SftpSession session, string folder, CancellationToken ct)
    {
        if (folder.Length == 0 || await session.StatAsync(folder, ct).ConfigureAwait(false) is not null) return;
        await EnsureAsync(session, folder[..folder.LastIndexOf('/')], ct).ConfigureAwait(false);
        await session.MakeFolderAsync(folder, ct).ConfigureAwait(false);
    }

    private static async IAsyncEnumerable<(string Path, SftpFacts Facts)> MatchAsync(SftpSession session, string pattern, [EnumeratorCancellation] CancellationToken ct)
    {
        var (folder, depth) = Glob.IsPattern(pattern) ? Begin(pattern) : (pattern, 1);
        SftpFacts? there;
        try { there = await session.StatAsync(folder, ct).ConfigureAwait(false); }
        catch (SftpException e) { throw Refused(folder, e); }
        if (there is null) throw new TerminalException($"{folder} does not exist on the server.", "Correct the path, or use a pattern when the file may be absent.");
        if (!there.Value.IsFolder)
        {
            yield return (folder, there.Value);
            yield break;
        }
        var files = session.FilesAsync(folder, depth, ct).GetAsyncEnumerator(ct);
        await using var _ = files.ConfigureAwait(false);
        while (true)
        {
            try { if (!await files.MoveNextAsync().ConfigureAwait(false)) yield break; }
            catch (SftpException e) { throw Refused(folder, e); }
            var (path, facts) = files.Current;
            if (!Glob.IsPattern(pattern) ? !path[(path.LastIndexOf('/') + 1)..].StartsWith('.') : Glob.MatchesPathOrName(pattern, path)) yield return (path, facts);
        }
    }

    /// <summary>The folder in which a pattern begins, and how deep it goes.</summary>
    private static (string Folder, int Depth) Begin(string pattern)
    {
        var parts = pattern.Split('/');
        var first = Array.FindIndex(parts, Glob.IsPattern);
        return (first <= 1 ? "/" : string.Join('/', parts[..first]), parts[first..].Any(p => p.Contains("**", StringComparison.Ordinal)) ? int.MaxValue : parts.Length - first);
    }

    private static string Absolute(string home, string path) => path.StartsWith('/') ? path : $"{home.TrimEnd('/')}/{(path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path)}";

    internal static Exception Refused(string path, SftpException e) => e.Code switch
    {
        SftpException.NoSuchFile => new TransientException($"{path} is not there any more.", inner: e),
        SftpException.PermissionDenied => new TerminalException($"{path}: the server does not allow it ({e.Message}).", "Ask its operator for the right to read the files, and to move or delete them when after_load says so.", e),
        _ => new TransientException($"{path}: {e.Message}", inner: e),
    };

    /// <summary>The login; a new one when the last was lost.</summary>
    private async Task<SftpSession> SessionAsync(CancellationToken cancellationToken)
    {
        if (_session is { IsAlive: true } session) return session;
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_spec.Password.IsEmpty && _spec.PrivateKey.IsEmpty) throw new TerminalException("There is neither a password nor a private_key.", "Store one of them as a secret and name it in the connection.");
        _session?.Dispose();
        _session = null;
        return _session = await SftpSession.OpenAsync(_spec, _keys ??= new SshKeys(_spec), cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _session?.Dispose();
        _keys?.Dispose();
    }
}
