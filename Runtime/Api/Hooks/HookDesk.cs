using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using FlowForge.Api.Connections;
using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;

namespace FlowForge.Api.Hooks;

/// <summary>Takes posts for the hooks that connections describe. Thread-safe.</summary>
internal sealed class HookDesk(ConnectionBook book, SecretStore secrets, RuntimeSettings settings, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan SettingsFor = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, Lazy<HookFolder>> _folders = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _refused = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long Minute, int Count)> _taken = new(StringComparer.Ordinal);
    private volatile Known _known = new(default, []);

    /// <summary>Hooks as the connections have them; read again every two seconds.</summary>
    public IReadOnlyList<HookSettings> Hooks()
    {
        var now = clock.GetUtcNow();
        // One reference: time and list belong together, whoever reads them meanwhile.
        if (_known is var known && now - known.At < SettingsFor) return known.Hooks;
        var hooks = book.All().Where(c => c.Definition.Connector.Split('@')[0] == "webhook").Select(c => HookSettings.Of(c.Definition.Name, c.Definition.Settings, secrets.Reveal)).OfType<HookSettings>().ToList();
        _known = new Known(now, hooks);
        return hooks;
    }

    /// <summary>Checks a post, keeps it, and answers when it is on the disk.</summary>
    /// <param name="read">Reads the body up to so many bytes; null when there are more.</param>
    public async Task<HookReceipt> TakeAsync(string name, IHeaderDictionary headers, string? contentType, Func<long, Task<byte[]?>> read, CancellationToken ct)
    {
        // Two connections with one name: it is not clear whose secret counts.
        var hook = Hooks().Where(h => h.Hook == name).ToList() is [var only] ? only : null;
        if (hook is null || !hook.IsProtected) throw Refuse(name, null);
        if (hook.Token.Length > 0 && !Same(Presented(headers), hook.Token)) throw Refuse(name, hook);
        var body = await read(hook.LargestBytes) ?? throw Counted(hook, new ProblemException(StatusCodes.Status413PayloadTooLarge, "FF4152", "Post too large", $"A post may have {hook.LargestBytes} bytes.", "Send less at once."));
        var signature = hook.HmacSecret.Length == 0 ? null : CheckSignature(hook, headers, body);
        // Who proves nothing uses up nobody's share.
        if (!MayCome(hook)) throw Counted(hook, new ProblemException(StatusCodes.Status429TooManyRequests, "FF4151", "Too many posts", $"More than {hook.PostsPerMinute} posts came within a minute.", "Send again in the next minute."));
        var line = HookBody.Line(body, contentType) ?? throw Counted(hook, ProblemException.Bad("FF4153", $"The body is neither JSON that is nested at most {HookBody.Deepest} deep nor text in UTF-8.", "Send JSON with Content-Type: application/json."));
        string? key = headers[hook.IdempotencyHeader];
        if (key is { Length: 0 or > 500 }) key = key.Length == 0 ? null : throw Counted(hook, ProblemException.Bad("FF4153", $"{hook.IdempotencyHeader} has more than 500 characters."));
        // A signed time makes each post another one: the same signature again is a replay, whatever unsigned key stands beside it and however the signature is written.
        var once = signature is not null && hook.TimestampHeader is not null ? Convert.ToHexString(signature) : null;
        HookReceipt? receipt;
        try { receipt = await Folder(hook).AppendAsync(line, key, once, hook.SignaturesFor, hook.MostBytes, clock.GetUtcNow(), ct); }
        catch (TooManySignaturesException e) { throw Counted(hook, new ProblemException(StatusCodes.Status429TooManyRequests, "FF4151", "Too many posts", $"{e.Most} signed posts came within twice the replay_window; more could not be told from replays.", "Send again later. The hook's owner can shorten replay_window.")); }
        return receipt ?? throw Counted(hook, new ProblemException(StatusCodes.Status507InsufficientStorage, "FF4154", "No room for posts", $"{hook.MostBytes} bytes of posts are kept.", "Run the job that reads them, or raise most_megabytes."));
    }

    public IReadOnlyList<HookEntry> List(string address) =>
    [
        .. Hooks().OrderBy(h => h.Hook, StringComparer.Ordinal).Select(h =>
        {
            var folder = Folder(h);
            folder.Recount();
            return new HookEntry(h.Hook, h.Connection, $"{address}/hooks/{h.Hook}", h.IsProtected, folder.Posts, folder.Bytes, _refused.GetValueOrDefault(h.Hook), folder.LastAt);
        })
    ];

    public IReadOnlyList<HookPost> Last(string name, int count) =>
        Hooks().FirstOrDefault(h => h.Hook == name) is { } hook ? Folder(hook).Last(count) : throw ProblemException.NotFound("FF4150", $"There is no hook '{name}'.", "GET /api/v1/hooks lists them.");

    /// <returns>The signature that the post has to have, and has.</returns>
    private byte[] CheckSignature(HookSettings hook, IHeaderDictionary headers, byte[] body)
    {
        byte[] signed = body;
        if (hook.TimestampHeader is { } header)
        {
            string? time = headers[header];
            if (!long.TryParse(time, System.Globalization.CultureInfo.InvariantCulture, out var seconds) || Math.Abs(clock.GetUtcNow().ToUnixTimeSeconds() - (decimal)seconds) > (decimal)hook.ReplayWindow.TotalSeconds) throw Refuse(hook.Hook, hook);
            signed = [.. Encoding.ASCII.GetBytes(time + "."), .. body];
        }
        string? given = headers[hook.SignatureHeader];
        // GitHub and its kin write sha256=…
        if (given?.StartsWith("sha256=", StringComparison.OrdinalIgnoreCase) == true) given = given["sha256=".Length..];
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(hook.HmacSecret), signed);
        var bytes = new byte[expected.Length];
        var isOne = given is not null && (hook.IsBase64 ? Convert.TryFromBase64String(given, bytes, out var written) && written == bytes.Length
            : given.Length == 2 * bytes.Length && Convert.FromHexString(given, bytes, out _, out _) == System.Buffers.OperationStatus.Done);
        if (!CryptographicOperations.FixedTimeEquals(expected, bytes) || !isOne) throw Refuse(hook.Hook, hook);
        return expected;
    }

    private static string Presented(IHeaderDictionary headers) =>
        headers.Authorization.ToString() is var value && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? value["Bearer ".Length..].Trim() : headers["X-Hook-Token"].ToString();

    // Of equal length whatever was given.
    private static bool Same(string given, string expected) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(expected)));

    private bool MayCome(HookSettings hook)
    {
        var minute = clock.GetUtcNow().ToUnixTimeSeconds() / 60;
        var (_, count) = _taken.AddOrUpdate(hook.Hook, _ => (minute, 1), (_, was) => was.Minute == minute ? (minute, was.Count + 1) : (minute, 1));
        return count <= hook.PostsPerMinute;
    }

    /// <summary>The same words for all, so that nobody learns which hooks there are.</summary>
    private ProblemException Refuse(string name, HookSettings? hook)
    {
        var problem = new ProblemException(StatusCodes.Status401Unauthorized, "FF4155", "Post refused", "There is no such hook, or the post does not prove that it may come.", "Check the address, the token, the signature and the sender's clock.");
        return hook is null ? problem : Counted(hook, problem);
    }

    private ProblemException Counted(HookSettings hook, ProblemException problem)
    {
        _refused.AddOrUpdate(hook.Hook, 1, static (_, n) => n + 1);
        return problem;
    }

    private HookFolder Folder(HookSettings hook)
    {
        var name = hook.Hook;
        var folder = _folders.GetOrAdd(name, n => new Lazy<HookFolder>(() => new HookFolder(Path.Combine(settings.Workspace, ".hooks", n), clock.GetUtcNow(), hook.SignaturesFor)));
        try
        {
            return folder.Value;
        }
        catch
        {
            // It remembers its failure: the next post tries anew.
            _folders.TryRemove(KeyValuePair.Create(name, folder));
            throw;
        }
    }

    private sealed record Known(DateTimeOffset At, IReadOnlyList<HookSettings> Hooks);

    public void Dispose()
    {
        foreach (var folder in _folders.Values.Where(f => f.IsValueCreated)) folder.Value.Dispose();
    }
}
