using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using FlowForge.Plugins.Messages;

namespace FlowForge.Plugins.Webhook;

/// <summary>
/// Hands over the posts that the runtime's endpoint has landed, in the order in which they came. They lie in numbered files of the workspace, one post a line; a line that does not end is of a post that
/// was never confirmed.
/// </summary>
[Connector("webhook", Title = "Webhook", Description = "Reads what other systems post to an address of the runtime, each post exactly once.", SendsRequests = false)]
public sealed class WebhookConnector(ConnectorContext<WebhookSpec> context) : IPageSource, IStream, IAfterCommit, ITestConnection, IDiscover, IWatch, IReportHealth
{
    private const int PageBytes = 1 << 20;
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);
    private readonly WebhookSpec _spec = context.Settings;
    private readonly MessageLines _lines = new();

    public async IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var from = request.Cursor is { } cursor ? Place.Parse(cursor) : new Place(0, 0);
        var files = Files();
        // A job's own clean-up leaves the file that it has come to.
        if (from.File > 0 && files.All(f => f.Number != from.File))
            throw new TerminalException($"The posts of {_spec.Hook} were read up to file {from.File}, which is not there: posts behind that place may be gone unread.",
                "Another job on this hook removes posts keep_days after it has read them: raise keep_days there, or give each job a hook of its own. Reset the job's watermark: the next run reads all posts that are kept.");
        // A run ends where the posts ended at its start.
        var ends = files.ToDictionary(f => f.Number, f => new FileInfo(f.Path).Length);
        if (from.File > 0 && ends[from.File] < from.Offset)
            throw new TerminalException($"The posts of {_spec.Hook} were read up to byte {from.Offset} of file {from.File}, which has {ends[from.File]}: it is another file than the one that was read.", "The hook's folder was made anew or restored. Reset the job's watermark: the next run reads all posts that are kept.");
        var left = request.Limit ?? long.MaxValue;
        var reached = from;
        foreach (var (number, path) in files.Where(f => f.Number >= from.File))
        {
            var position = number == from.File ? from.Offset : 0;
            await foreach (var (line, end) in LinesAsync(path, position, ends[number], cancellationToken).ConfigureAwait(false))
            {
                left -= Write(line, left);
                reached = new Place(number, end);
                if (left > 0 && _lines.Length < PageBytes) continue;
                yield return new SourcePage(_lines.Written, _lines.Count, reached.ToString());
                _lines.Clear();
                if (left <= 0) yield break;
            }
        }
        yield return new SourcePage(_lines.Written, _lines.Count, reached.File == 0 ? null : reached.ToString());
    }

    /// <summary>Files that are read to their end are removed once they are old enough. By those that stay the runtime knows replays after a start.</summary>
    public Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken)
    {
        if (cursor is null) return Task.CompletedTask;
        var read = Place.Parse(cursor);
        var replays = _spec.TimestampHeader is { Length: > 0 } ? Math.Min(2 * _spec.ReplayWindow.TotalDays, 3650) : 0;
        var old = DateTime.UtcNow - TimeSpan.FromDays(Math.Max(_spec.KeepDays, replays));
        foreach (var (number, path) in Files())
            if (number < read.File && File.GetLastWriteTimeUtc(path) < old) File.Delete(path);
        return Task.CompletedTask;
    }

    public Task<string> TestAsync(CancellationToken cancellationToken)
    {
        if (_spec.Token.IsEmpty && _spec.HmacSecret.IsEmpty) throw new TerminalException($"The hook {_spec.Hook} is not protected, so no post is taken.", "Set token or hmac_secret.");
        if (_spec.TimestampHeader is { Length: > 0 } && _spec.HmacSecret.IsEmpty) throw new TerminalException("timestamp_header is set, and hmac_secret is not: an unsigned time proves nothing.", "Set hmac_secret.");
        var files = Files();
        return Task.FromResult($"Posts to /hooks/{_spec.Hook} are taken; {files.Sum(f => new FileInfo(f.Path).Length)} bytes of posts are kept");
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield return new DiscoveredTable(_spec.Hook) { Bytes = Files().Sum(f => new FileInfo(f.Path).Length) };
    }

    public Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<HealthFact>>([new HealthFact($"{_spec.Hook}: posts kept", Files().Sum(f => new FileInfo(f.Path).Length) / 1048576.0, "MB"), new HealthFact($"{_spec.Hook}: room for posts", _spec.MostMegabytes, "MB")]);

    /// <summary>News of posts, once a second at most. What is there at the start is news, too: nobody may have acted on it, and a run that finds nothing costs little.</summary>
    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(WatchEvery);
        var known = Newest();
        if (known != default) yield return $"posts to /hooks/{_spec.Hook}";
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            var now = Newest();
            if (now == known) continue;
            known = now;
            if (now != default) yield return $"posts to /hooks/{_spec.Hook}";
        }
    }

    private Place Newest() => Files() is [.., var last] && new FileInfo(last.Path) is { Exists: true } file ? new Place(last.Number, file.Length) : default;

    /// <summary>A post as rows: the fields of its body; of a list those of each element.</summary>
    /// <returns>How many.</returns>
    private long Write(ReadOnlyMemory<byte> line, long most)
    {
        // The body is nested one deeper here than where it was checked.
        using var post = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 256 });
        var body = post.RootElement.GetProperty("body");
        if (body.ValueKind != JsonValueKind.Array)
        {
            One(post.RootElement, body, null);
            return 1;
        }
        // A post is never cut: its rows share one place.
        var index = 0;
        foreach (var element in body.EnumerateArray())
        {
            if (most != long.MaxValue && index >= most) break;
            One(post.RootElement, element, index++);
        }
        return index;
    }

    private void One(JsonElement post, JsonElement body, int? index)
    {
        _lines.Begin();
        _lines.Raw("hook_id"u8, Raw(post.GetProperty("id")));
        _lines.Raw("hook_received_at"u8, Raw(post.GetProperty("at")));
        if (post.TryGetProperty("key", out var key)) _lines.Raw("hook_key"u8, Raw(key));
        if (index is { } i) _lines.Number("hook_index"u8, i);
        _lines.TryJson(Raw(body), "value"u8, "hook_"u8);
        _lines.End();
    }

    private static byte[] Raw(JsonElement element) => Encoding.UTF8.GetBytes(element.GetRawText());

    private static async IAsyncEnumerable<(ReadOnlyMemory<byte> Line, long End)> LinesAsync(string path, long from, long end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        await using var _ = file.ConfigureAwait(false);
        file.Seek(from, SeekOrigin.Begin);
        var buffer = new byte[1 << 16];
        int start = 0, have = 0;
        var position = from;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var newline = buffer.AsSpan(start, have - start).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                position += newline + 1;
                yield return (buffer.AsMemory(start, newline), position);
                start += newline + 1;
                continue;
            }
            buffer.AsSpan(start, have - start).CopyTo(buffer);
            (have, start) = (have - start, 0);
            if (have == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var most = (int)Math.Min(buffer.Length - have, end - position - have);
            var read = most <= 0 ? 0 : await file.ReadAsync(buffer.AsMemory(have, most), cancellationToken).ConfigureAwait(false);
            if (read == 0) yield break;
            have += read;
        }
    }

    private List<(long Number, string Path)> Files()
    {
        var workspace = context.AllowedRoots.FirstOrDefault(r => File.Exists(Path.Combine(r, ".flowforge-workspace")));
        var folder = workspace is null ? null : Path.Combine(workspace, ".hooks", _spec.Hook);
        return folder is null || !Directory.Exists(folder) ? []
            : [.. Directory.EnumerateFiles(folder, "*.ndjson").Select(f => (Number: long.TryParse(Path.GetFileNameWithoutExtension(f), CultureInfo.InvariantCulture, out var n) ? n : 0, f)).Where(f => f.Number > 0).OrderBy(f => f.Number)];
    }

    private readonly record struct Place(long File, long Offset)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Offset}");

        public static Place Parse(string text) => text.Split(':') is [var file, var offset] && long.TryParse(file, CultureInfo.InvariantCulture, out var f) && long.TryParse(offset, CultureInfo.InvariantCulture, out var o)
            ? new Place(f, o) : throw new TerminalException($"\"{text}\" says no place among the posts.", "Reset the job's watermark: the next run reads all posts that are kept.");
    }
}
