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
    private const int MostShown = 4000;
    private const string SignatureMark = "signature ";
    private static readonly TimeSpan KeysFor = TimeSpan.FromHours(24), LookAgain = TimeSpan.FromSeconds(1);
    private readonly int _mostKeys;
    private readonly string _folder;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, (string Id, DateTimeOffset At)> _keys = [];
    private readonly Dictionary<string, (long Length, long Posts)> _counts = new(StringComparer.Ordinal);
    private FileStream? _file;
    private long _number;
    private DateTimeOffset _clearedAt;

    /// <param name="signaturesFor">How long a signature may come again; those of posts that are kept are known from the start.</param>
    /// <param name="mostKeys">Keys and signatures that are remembered.</param>
    public HookFolder(string folder, DateTimeOffset now, TimeSpan signaturesFor, int mostKeys = 200_000)
    {
        (_folder, _mostKeys) = (folder, mostKeys);
        Directory.CreateDirectory(folder);
        foreach (var file in Files())
        {
            _number = Math.Max(_number, Number(file));
            foreach (var (post, signature) in Read(file))
            {
                Posts++;
                LastAt = post.At;
                if (now - post.At >= (signaturesFor > KeysFor ? signaturesFor : KeysFor)) continue;
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
    /// <param name="signaturesFor">How long a signature may come again.</param>
    /// <returns>Null when there is no room.</returns>
    /// <exception cref="TooManySignaturesException">More signed posts came within that time than can be remembered: what comes now could not be told from a replay later.</exception>
    public async Task<HookReceipt?> AppendAsync(ReadOnlyMemory<byte> body, string? key, string? signature, TimeSpan signaturesFor, long mostBytes, DateTimeOffset now, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            if (Known(Marked(signature), now, signaturesFor) is { } replayed) return new HookReceipt(replayed, true);
            if (!MakeRoom(now, signaturesFor) && signature is not null) throw new TooManySignaturesException(_mostKeys);
            signature = Marked(signature);
            if (Known(key, now, KeysFor) is { } known)
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

    private static string? Marked(string? signature) => signature is null ? null : SignatureMark + signature;

    private string? Known(string? key, DateTimeOffset now, TimeSpan within) => key is not null && _keys.TryGetValue(key, out var known) && now - known.At < within ? known.Id : null;

    private void Remember(string key, string id, DateTimeOffset now) => _keys[key] = (id, now);

    /// <summary>Forgets what is too old to come again, and then the oldest keys: by that a sender that repeats itself doubles a post; by a signature that is forgotten anybody could.</summary>
    /// <returns>False when signatures alone are as many as can be remembered.</returns>
    private bool MakeRoom(DateTimeOffset now, TimeSpan signaturesFor)
    {
        if (_keys.Count < _mostKeys) return true;
        if (now - _clearedAt < LookAgain && now >= _clearedAt) return false;
        _clearedAt = now;
        foreach (var old in _keys.Where(k => now - k.Value.At >= (IsSignature(k.Key) ? signaturesFor : KeysFor)).Select(k => k.Key).ToList()) _keys.Remove(old);
        if (_keys.Count >= _mostKeys)
            foreach (var old in _keys.Where(k => !IsSignature(k.Key)).OrderBy(k => k.Value.At).Take(_mostKeys / 4).Select(k => k.Key).ToList()) _keys.Remove(old);
        return _keys.Count < _mostKeys;

        static bool IsSignature(string key) => key.StartsWith(SignatureMark, StringComparison.Ordinal);
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

/// <summary>More signed posts came than can be remembered.</summary>
/// <param name="most">How many can.</param>
internal sealed class TooManySignaturesException(int most) : Exception
{
    public int Most => most;
}
