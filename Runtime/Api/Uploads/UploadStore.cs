using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using FlowForge.Contracts;

namespace FlowForge.Api.Uploads;

/// <summary>
/// Files that people send. Pieces are collected outside the upload area, where no job sees them, and a whole file is moved in at once, checked and on the disk. An interrupted file goes on at the
/// offset that is safe, also after a restart.
/// </summary>
internal sealed class UploadStore(RuntimeSettings settings, TimeProvider clock)
{
    private const int LongestName = 200, MostNameBytes = 255;
    private static readonly TimeSpan KeptUnfinished = TimeSpan.FromDays(7);
    private readonly ConcurrentDictionary<string, byte> _busy = new();
    private readonly Lock _gate = new();

    public UploadArea List()
    {
        var unfinished = Unfinished();
        var files = new DirectoryInfo(settings.UploadFolder) is { Exists: true } folder ? folder.GetFiles().Where(f => !f.Name.StartsWith('.')).OrderBy(f => f.Name, StringComparer.Ordinal).ToArray() : [];
        return new UploadArea([.. files.Select(f => new UploadedFile(f.Name, PathOf(f.Name), f.Length, f.LastWriteTimeUtc))], unfinished, files.Sum(f => f.Length) + unfinished.Sum(u => u.Size), settings.UploadQuotaBytes, settings.LargestUploadBytes);
    }

    public UploadState Start(StartUpload wanted)
    {
        CheckName(wanted.Name);
        if (wanted.Size < 0) throw ProblemException.Bad("FF4141", "size must be the number of bytes of the file.");
        if (wanted.Size > settings.LargestUploadBytes)
            throw new ProblemException(StatusCodes.Status413PayloadTooLarge, "FF4142", "File too large", $"{wanted.Name} has {wanted.Size} bytes; a file may have {settings.LargestUploadBytes}.", "Split or pack it, copy it to the server, or raise Uploads:LargestBytes.");
        if (wanted.Sha256 is { } hash && (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit))) throw ProblemException.Bad("FF4141", "sha256 must be 64 hex digits.");
        lock (_gate)
        {
            var area = List();
            if (area.Unfinished.FirstOrDefault(u => IsSame(u, wanted)) is { } known)
            {
                // What is wanted now counts, not what was at the first try.
                Save(known, wanted.Replace);
                return known;
            }
            if (!wanted.Replace && File.Exists(Path.Combine(settings.UploadFolder, wanted.Name)))
                throw ProblemException.Conflict("FF4143", $"There is a file {wanted.Name} already.", "Send it with replace, under another name, or delete the old one.");
            if (area.Bytes + wanted.Size > settings.UploadQuotaBytes)
                throw new ProblemException(StatusCodes.Status507InsufficientStorage, "FF4144", "Upload area is full", $"{wanted.Name} has {wanted.Size} bytes; {Math.Max(0, settings.UploadQuotaBytes - area.Bytes)} of {settings.UploadQuotaBytes} are left.", "Delete files that are loaded, or raise Uploads:QuotaBytes.");
            Directory.CreateDirectory(settings.IncomingFolder);
            var state = new UploadState(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), wanted.Name, wanted.Size, 0, clock.GetUtcNow(), Sha256: wanted.Sha256?.ToLowerInvariant(), ModifiedAt: wanted.ModifiedAt);
            File.Create(PartOf(state.Id)).Dispose();
            Save(state, wanted.Replace);
            return state;
        }
    }

    // Two files may have one name and one size: half of each would be a file that never was.
    private static bool IsSame(UploadState known, StartUpload wanted) => known.Name == wanted.Name && known.Size == wanted.Size
        && (wanted.Sha256 is { } hash ? string.Equals(known.Sha256, hash, StringComparison.OrdinalIgnoreCase) : known.Sha256 is null && wanted.ModifiedAt is { } at && known.ModifiedAt == at);

    public UploadState Get(string id) => Find(id)?.State ?? throw ProblemException.NotFound("FF4145", $"There is no unfinished upload {id}.", "It was finished, cancelled, or given up after a week: start it anew.");

    /// <summary>Takes a piece as it comes. What arrived before a connection broke stays.</summary>
    public async Task<UploadState> AppendAsync(string id, long offset, Stream body, CancellationToken ct)
    {
        if (!_busy.TryAdd(id, 0)) throw ProblemException.Conflict("FF4146", "Another piece of this file is being received.", "Ask where it ends when that is over, and send on from there.");
        try
        {
            var (state, replace) = Find(id) ?? (Get(id), false);
            if (offset != state.Offset) throw ProblemException.Conflict("FF4146", $"The file ends at {state.Offset}, and the piece begins at {offset}.", "Send on from where the file ends.");
            await using (var part = new FileStream(PartOf(id), FileMode.Open, FileAccess.Write, FileShare.Read))
            {
                part.Seek(0, SeekOrigin.End);
                try { await CopyAsync(body, part, state, ct); }
                finally { part.Flush(flushToDisk: true); }
                state = state with { Offset = part.Length };
            }
            return state.Offset == state.Size ? await FinishAsync(state, replace, ct) : state;
        }
        finally
        {
            _busy.TryRemove(id, out _);
        }
    }

    public void Cancel(string id)
    {
        if (!_busy.TryAdd(id, 0)) throw ProblemException.Conflict("FF4146", "A piece of this file is being received.", "Stop sending, then cancel.");
        try
        {
            Get(id);
            Remove(id);
        }
        finally
        {
            _busy.TryRemove(id, out _);
        }
    }

    public void Delete(string name)
    {
        CheckName(name);
        var path = Path.Combine(settings.UploadFolder, name);
        if (!File.Exists(path)) throw ProblemException.NotFound("FF4147", $"There is no file {name} in the upload area.");
        File.Delete(path);
    }

    private static async Task CopyAsync(Stream body, FileStream part, UploadState state, CancellationToken ct)
    {
        var buffer = new byte[1 << 16];
        while (await body.ReadAsync(buffer, ct) is > 0 and var read)
        {
            if (part.Length + read > state.Size)
                throw new ProblemException(StatusCodes.Status413PayloadTooLarge, "FF4142", "File too large", $"{state.Name} was announced with {state.Size} bytes, and more came.", "Start it anew with its true size.");
            await part.WriteAsync(buffer.AsMemory(0, read), ct);
        }
    }

    private async Task<UploadState> FinishAsync(UploadState state, bool replace, CancellationToken ct)
    {
        string hash;
        await using (var part = File.OpenRead(PartOf(state.Id))) hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(part, ct));
        if (state.Sha256 is { } demanded && demanded != hash)
        {
            Remove(state.Id);
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "FF4148", "Checksum differs", $"{state.Name} arrived with the SHA-256 {hash}, and {demanded} was announced. It was thrown away.", "Send it again.");
        }
        lock (_gate)
        {
            Directory.CreateDirectory(settings.UploadFolder);
            var target = Path.Combine(settings.UploadFolder, state.Name);
            if (!replace && File.Exists(target)) throw ProblemException.Conflict("FF4143", $"There is a file {state.Name} already; it came while this one was sent.", "Delete one of them.");
            File.Move(PartOf(state.Id), target, overwrite: replace);
            // The file's time is when it is whole: a source knows by it that it is another one.
            File.SetLastWriteTimeUtc(target, clock.GetUtcNow().UtcDateTime);
            Remove(state.Id);
        }
        return state with { Done = true, Path = PathOf(state.Name), Sha256 = hash };
    }

    private List<UploadState> Unfinished()
    {
        if (!Directory.Exists(settings.IncomingFolder)) return [];
        var states = new List<UploadState>();
        foreach (var file in Directory.EnumerateFiles(settings.IncomingFolder, "*.json"))
        {
            var id = Path.GetFileNameWithoutExtension(file);
            if (Find(id) is not { } found)
            {
                // Its part was moved, and the power went before this was removed.
                if (!File.Exists(PartOf(id))) File.Delete(file);
                continue;
            }
            if (!_busy.ContainsKey(id) && clock.GetUtcNow() - File.GetLastWriteTimeUtc(PartOf(id)) > KeptUnfinished) Remove(id);
            else states.Add(found.State);
        }
        return [.. states.OrderBy(s => s.StartedAt)];
    }

    private (UploadState State, bool Replace)? Find(string id)
    {
        if (id.Length != 32 || !id.All(char.IsAsciiHexDigitLower)) return null;
        try
        {
            var kept = JsonSerializer.Deserialize<Kept>(File.ReadAllBytes(FactsOf(id)))!;
            return (kept.State with { Offset = new FileInfo(PartOf(id)).Length }, kept.Replace);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException) { return null; }
    }

    private void Save(UploadState state, bool replace)
    {
        using var file = File.Create(FactsOf(state.Id));
        JsonSerializer.Serialize(file, new Kept(state, replace));
        file.Flush(flushToDisk: true);
    }

    private void Remove(string id)
    {
        File.Delete(FactsOf(id));
        File.Delete(PartOf(id));
    }

    private static void CheckName(string name)
    {
        if (name is not { Length: > 0 and <= LongestName } || Encoding.UTF8.GetByteCount(name) > MostNameBytes || name[0] is '.' or ' ' || name.Any(c => char.IsControl(c) || c is '/' or '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|' or '[' or ']' or '{' or '}' or '!'))
            throw ProblemException.Bad("FF4140", $"'{name}' can be no name in the upload area.", $"Use a name of 1 to {LongestName} characters and at most {MostNameBytes} bytes in UTF-8, without folders, not beginning with a dot, without : * ? \" < > | [ ] {{ }} !");
    }

    private static string PathOf(string name) => "upload:" + name;
    private string PartOf(string id) => Path.Combine(settings.IncomingFolder, id + ".part");
    private string FactsOf(string id) => Path.Combine(settings.IncomingFolder, id + ".json");

    private sealed record Kept(UploadState State, bool Replace);
}
