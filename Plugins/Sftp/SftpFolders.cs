using System.Runtime.CompilerServices;

namespace FlowForge.Plugins.Sftp;

/// <summary>What one may do with files and folders of a login.</summary>
internal static class SftpFolders
{
    private const int MostDepth = 64;

    /// <summary>The absolute path of what a path means.</summary>
    public static async Task<string> RealPathAsync(this SftpSession session, string path, CancellationToken ct)
    {
        var answer = await session.AskAsync(16, w => w.Text(path), ct).ConfigureAwait(false);
        var reader = new PacketReader(answer, 5);
        reader.Number();
        return reader.Text();
    }

    /// <summary>Null when there is nothing of that name.</summary>
    public static async Task<SftpFacts?> StatAsync(this SftpSession session, string path, CancellationToken ct)
    {
        try { return new PacketReader(await session.AskAsync(17, w => w.Text(path), ct).ConfigureAwait(false), 5).Facts(); }
        catch (SftpException e) when (e.Code == SftpException.NoSuchFile) { return null; }
    }

    public static Task RemoveAsync(this SftpSession session, string path, CancellationToken ct) => session.AskAsync(13, w => w.Text(path), ct);

    public static Task RenameAsync(this SftpSession session, string from, string to, CancellationToken ct) => session.AskAsync(18, w => { w.Text(from); w.Text(to); }, ct);

    public static Task MakeFolderAsync(this SftpSession session, string path, CancellationToken ct) => session.AskAsync(14, w => { w.Text(path); w.Number(0); }, ct);

    public static async Task<byte[]> OpenAsync(this SftpSession session, string path, CancellationToken ct) =>
        new PacketReader(await session.AskAsync(3, w => { w.Text(path); w.Number(1); w.Number(0); }, ct).ConfigureAwait(false), 5).Bytes().ToArray();

    public static Task CloseAsync(this SftpSession session, byte[] handle, CancellationToken ct) => session.AskAsync(4, w => w.Bytes(handle), ct);

    /// <summary>Files below a folder, sorted by path; hidden ones too. Links to folders are not followed, for they may form circles.</summary>
    /// <param name="depth">How many levels are looked into; 1 is the folder alone.</param>
    public static async IAsyncEnumerable<(string Path, SftpFacts Facts)> FilesAsync(this SftpSession session, string folder, int depth, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var (name, facts) in await ListAsync(session, folder, ct).ConfigureAwait(false))
        {
            ct.ThrowIfCancellationRequested();
            var path = folder.TrimEnd('/') + "/" + name;
            if (facts.IsFolder)
            {
                if (depth <= 1) continue;
                await foreach (var file in session.FilesAsync(path, Math.Min(depth, MostDepth) - 1, ct).ConfigureAwait(false)) yield return file;
            }
            else if (facts.IsLink)
            {
                if (await session.StatAsync(path, ct).ConfigureAwait(false) is { IsFile: true } target) yield return (path, target);
            }
            else if (facts.IsFile) yield return (path, facts);
        }
    }

    private static async Task<List<(string Name, SftpFacts Facts)>> ListAsync(SftpSession session, string folder, CancellationToken ct)
    {
        var handle = new PacketReader(await session.AskAsync(11, w => w.Text(folder), ct).ConfigureAwait(false), 5).Bytes().ToArray();
        var found = new List<(string, SftpFacts)>();
        try
        {
            while (true)
            {
                var reader = new PacketReader(await session.AskAsync(12, w => w.Bytes(handle), ct).ConfigureAwait(false), 5);
                for (var left = reader.Number(); left > 0; left--)
                {
                    var name = reader.Text();
                    reader.Bytes();
                    var facts = reader.Facts();
                    // A server that names a path of its own making is not to lead us anywhere.
                    if (name is not ("." or "..") && !name.Contains('/')) found.Add((name, facts));
                }
            }
        }
        catch (SftpException e) when (e.Code == SftpException.EndOfFile) { /* All of it has come. */ }
        finally
        {
            await session.CloseAsync(handle, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        found.Sort((a, b) => string.CompareOrdinal(a.Item1, b.Item1));
        return found;
    }
}
