using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Api.Hooks;

/// <summary>
/// The posts of one hook: numbered files, one post a line, appended and on the disk before the sender hears of it. Each start of the runtime, and each write that failed, begins a new file, so that
/// half a line is never followed by another.
/// </summary>
internal sealed class HookFolder : IDisposable
{
    private const long LargestFile = 16 << 20;
    private const int MostKeys = 200_000, MostShown = 4000;
    private static readonly TimeSpan KeysFor = TimeSpan.FromHours(24);
    private readonly string _folder;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, (string Id, DateTimeOffset At)> _keys = [];
    private readonly Dictionary<string, (long Length, long Posts)> _counts = new(StringComparer.Ordinal);
    private FileStream? _file;
    private long _number;

    public HookFolder(string folder, DateTimeOffset now)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        foreach (var file in Files())
        {
            _number = Math.Max(_number, Number(file));
            foreach (var (post, signature) in Read(file))
            {
                Posts++;
                LastAt = post.At;
                if (now - post.At >= KeysFor) continue;
                if (post.Key is { } key) _keys[key] = (post.Id, post.At);
                if (signature is not null) _keys[signature] = (post.Id, post.At);
            }
        }
    }

    /// <summary>Posts that lie in it; those that jobs have removed since are taken off when it is asked for.</summary>
    public long Posts { get; private set; }
    public DateTimeOffset? LastAt { get; private set; }
    public long Bytes => Files().Sum(f => Length(f) ?? 0);

    /// <param name="body">Valid JSON, on one line.</param>
    /// <param name="key">What the sender calls the post; with the same key it is the same post.</param>
    /// <param name="signature">What proves that the post is another one, when its sender signs the time; it counts beside the key.</param>
    /// <returns>Null when there is no room.</returns>
    public async Task<HookReceipt?> AppendAsync(ReadOnlyMemory<byte> body, string? key, string? signature, long mostBytes, DateTimeOffset now, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            if (Known(signature, now) is { } replayed) return new HookReceipt(replayed, true);
            if (Known(key, now) is { } known)
            {
                // Sent again and signed anew: neither may this one come under another key.
                if (signature is not null) Remember(signature, known, now);
                return new HookReceipt(known, true);
            }
            var id = Guid.CreateVersion7(now).ToString("n");
            var at = now.UtcDateTime;
            var head = JsonSerializer.SerializeToUtf8Bytes(key is not null && signature is not null ? (object)new { id, at, key, signature } : (key ?? signature) is { } only ? new { id, at, key = only } : new { id, at });
            byte[] line = [.. head.AsSpan(0, head.Length - 1), .. ",\"body\":"u8, .. body.Span, .. "}\n"u8];
            if (Bytes + line.Length > mostBytes) return null;
            // From here on it is written whole, whoever waits for it.
            await WriteAsync(line);
            Posts++;
            LastAt = now;
            if (key is not null) Remember(key, id, now);
            if (signature is not null) Remember(signature, id, now);
            return new HookReceipt(id, false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task WriteAsync(byte[] line)
    {
        try
        {
            if (_file is { } full && full.Length > LargestFile) Close();
            _file ??= new FileStream(Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{++_number:D10}.ndjson")), FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, 0);
            await _file.WriteAsync(line);
            _file.Flush(flushToDisk: true);
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>The last posts, newest first.</summary>
    public IReadOnlyList<HookPost> Last(int count)
    {
        var last = new List<HookPost>();
        foreach (var file in Files().Reverse())
        {
            last.AddRange(Read(file).Select(r => r.Post).TakeLast(count - last.Count).Reverse());
            if (last.Count >= count) break;
        }
        return last;
    }

    /// <summary>Counts again: jobs remove files that they have read.</summary>
    public void Recount()
    {
        _gate.Wait();
        try
        {
            var files = Files();
            foreach (var gone in _counts.Keys.Except(files).ToList()) _counts.Remove(gone);
            foreach (var file in files)
                if (Length(file) is { } length && (!_counts.TryGetValue(file, out var known) || known.Length != length)) _counts[file] = (length, Read(file).LongCount());
            Posts = _counts.Values.Sum(c => c.Posts);
        }
        finally { _gate.Release(); }
    }

    private string? Known(string? key, DateTimeOffset now) => key is not null && _keys.TryGetValue(key, out var known) && now - known.At < KeysFor ? known.Id : null;

    private void Remember(string key, string id, DateTimeOffset now)
    {
        if (_keys.Count >= MostKeys)
            foreach (var old in _keys.OrderBy(k => k.Value.At).Take(MostKeys / 4).Select(k => k.Key).ToList()) _keys.Remove(old);
        _keys[key] = (id, now);
    }

    private string[] Files() => [.. Directory.EnumerateFiles(_folder, "*.ndjson").Where(f => Number(f) > 0).Order(StringComparer.Ordinal)];

    // A job may have removed the file since it was listed.
    private static long? Length(string file)
    {
        try
        {
            return new FileInfo(file).Length;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static FileStream? Open(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static long Number(string file) => long.TryParse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static IEnumerable<(HookPost Post, string? Signature)> Read(string file)
    {
        using var stream = Open(file);
        if (stream is null) yield break;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            HookPost? post = null;
            string? signature = null;
            try
            {
                using var json = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 256 });
                var body = json.RootElement.GetProperty("body").GetRawText();
                post = new HookPost(json.RootElement.GetProperty("id").GetString()!, json.RootElement.GetProperty("at").GetDateTimeOffset(), json.RootElement.TryGetProperty("key", out var key) ? key.GetString() : null, body.Length > MostShown ? body[..MostShown] + "…" : body);
                signature = json.RootElement.TryGetProperty("signature", out var signed) ? signed.GetString() : null;
            }
            catch (JsonException) { /* The end of a post that was never confirmed. */ }
            if (post is not null) yield return (post, signature);
        }
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    public void Dispose()
    {
        Close();
        _gate.Dispose();
    }
}
