using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FlowForge.Catalog;

/// <summary>
/// What systems have given in the place of secrets that they replace in use, such as refresh tokens: the newest text of each, encrypted at rest as secrets are. It belongs to the value that was replaced, not to a
/// name: who uses the same secret shares what came of it, and a secret that is set anew begins anew. It goes with the secret (see <see cref="SecretStore"/>). Thread-safe, and safe beside other processes.
/// </summary>
public sealed class RenewedSecretStore
{
    private const int Locks = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20), Forgotten = TimeSpan.FromDays(400);
    private readonly CatalogDatabase _database;
    private readonly SecretKeys _keys;
    private readonly string _lockFolder;

    internal RenewedSecretStore(CatalogDatabase database, SecretKeys keys) =>
        (_database, _keys, _lockFolder) = (database, keys, Path.Combine(Path.GetDirectoryName(database.Path)!, "renewals"));

    /// <summary>Waits until nobody else on this machine renews the secret. Dispose it afterwards; a process that dies lets it go. A few secrets share a lock: hold one at a time.</summary>
    public async Task<IDisposable> HoldAsync(string given, CancellationToken ct)
    {
        Directory.CreateDirectory(_lockFolder);
        var file = Path.Combine(_lockFolder, $"{SHA256.HashData(Encoding.UTF8.GetBytes(given))[0] % Locks:00}.lock");
        while (true)
        {
            try { return new FileStream(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 }); }
            catch (IOException) when (File.Exists(file)) { await Task.Delay(Patience, ct).ConfigureAwait(false); }
        }
    }

    /// <summary>The newest text that was kept in the place of the secret; null when there is none that can be read.</summary>
    public string? Newest(string given)
    {
        var rows = _database.Read(All);
        // Another process may have renewed the key.
        if (rows.Any(r => _keys.Find(r.KeyId) is null)) _keys.Reload();
        return rows.Select(Open).FirstOrDefault(r => r?.Given == given)?.Newest;
    }

    /// <summary>Keeps a newer text; it is on disk when this returns.</summary>
    public void Keep(string given, string newest)
    {
        ArgumentException.ThrowIfNullOrEmpty(given);
        ArgumentException.ThrowIfNullOrEmpty(newest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(newest.Length, SecretStore.LongestValue);
        var now = DateTimeOffset.UtcNow;
        _database.Write(s =>
        {
            _keys.Reload();
            var id = All(s).Select(Open).FirstOrDefault(r => r?.Given == given)?.Id ?? Guid.NewGuid().ToString("n");
            s.Execute("DELETE FROM renewed_secrets WHERE updated_at < @before", ("before", CatalogTime.Write(now - Forgotten)));
            return s.Execute("INSERT OR REPLACE INTO renewed_secrets (id, key_id, box, updated_at) VALUES (@id, @key, @box, @at)",
                ("id", id), ("key", _keys.Current.Id), ("box", _keys.Current.Encrypt(Name(id), JsonSerializer.Serialize(new[] { given, newest }))), ("at", CatalogTime.Write(now)));
        });
    }

    /// <summary>Forgets what came of a secret.</summary>
    internal void Forget(SqlSession session, string given)
    {
        foreach (var row in All(session).Select(Open).Where(r => r?.Given == given)) session.Execute("DELETE FROM renewed_secrets WHERE id = @id", ("id", row!.Id));
    }

    /// <summary>Encrypts all with the current key; what cannot be read any more is forgotten.</summary>
    internal void Encrypt(SqlSession session)
    {
        var key = _keys.Current;
        foreach (var row in All(session).Where(r => r.KeyId != key.Id))
        {
            if (Open(row) is not { } open) session.Execute("DELETE FROM renewed_secrets WHERE id = @id", ("id", row.Id));
            else session.Execute("UPDATE renewed_secrets SET key_id = @key, box = @box WHERE id = @id", ("key", key.Id), ("box", key.Encrypt(Name(row.Id), JsonSerializer.Serialize(new[] { open.Given, open.Newest }))), ("id", row.Id));
        }
    }

    private static List<Box> All(SqlSession session) => session.Rows("SELECT id, key_id, box FROM renewed_secrets", r => new Box(r.Text("id"), r.Text("key_id"), r.Text("box")));

    private Renewed? Open(Box box)
    {
        try
        {
            return _keys.Find(box.KeyId)?.Decrypt(Name(box.Id), box.Text) is { } text && JsonSerializer.Deserialize<string[]>(text) is [var given, var newest] ? new Renewed(box.Id, given, newest) : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Begins as no secret's name can.</summary>
    private static string Name(string id) => $"renewed {id}";

    private sealed record Box(string Id, string KeyId, string Text);

    private sealed record Renewed(string Id, string Given, string Newest);
}
