using System.Security.Cryptography;

namespace FlowForge.Catalog;

/// <summary>A stored secret without its value.</summary>
public sealed record SecretRecord(string Name, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>Passwords, keys and tokens, encrypted at rest. A value leaves only through <see cref="Reveal"/>, which connectors alone are fed from. Thread-safe.</summary>
public sealed partial class SecretStore(CatalogDatabase database, SecretKeys keys)
{
    public const int LongestValue = 64 * 1024;
    private const int MostReads = 3;

    /// <summary>What systems have given in the place of secrets. It goes when its secret is deleted or gets another value, unless another secret has the same one.</summary>
    public RenewedSecretStore Renewed { get; } = new(database, keys);

    /// <summary>Where the keys are, for people.</summary>
    public string KeyPlace => keys.Place;

    /// <summary>By name.</summary>
    public IReadOnlyList<SecretRecord> List() => database.Read(s =>
        s.Rows("SELECT name, created_at, updated_at FROM secrets ORDER BY name", r => new SecretRecord(r.Text("name"), r.Time("created_at"), r.Time("updated_at"))));

    public bool Has(string name) => database.Read(s => s.Number("SELECT count(*) FROM secrets WHERE name = @name", ("name", name))) > 0;

    /// <summary>Stores a value, or puts it in the place of the old one: all that refers to the name uses it from the next opening on.</summary>
    public void Put(string name, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, LongestValue);
        if (!IsName(name)) throw new ArgumentException($"'{name}' is no name of a secret.", nameof(name));
        var now = CatalogTime.Write(DateTimeOffset.UtcNow);
        database.Write(s =>
        {
            // The key is chosen inside of the transaction, from the file as it is: a rotation that runs beside, here or in another process, sees this row or chose the key before.
            keys.Reload();
            var key = keys.Current;
            ForgetRenewed(s, name, value);
            return s.Execute(
                """
                INSERT INTO secrets (name, key_id, box, created_at, updated_at) VALUES (@name, @key, @box, @at, @at)
                ON CONFLICT (name) DO UPDATE SET key_id = excluded.key_id, box = excluded.box, updated_at = excluded.updated_at
                """,
                ("name", name), ("key", key.Id), ("box", key.Encrypt(name, value)), ("at", now));
        });
    }

    /// <returns>False when there was none.</returns>
    public bool Delete(string name) => database.Write(s =>
    {
        keys.Reload();
        ForgetRenewed(s, name, null);
        return s.Execute("DELETE FROM secrets WHERE name = @name", ("name", name));
    }) > 0;

    /// <summary>The value; null when there is no such secret.</summary>
    /// <exception cref="CatalogException">It was encrypted with a key that is not here.</exception>
    public string? Reveal(string name)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (database.Read(s => s.First("SELECT key_id, box FROM secrets WHERE name = @name", r => new Box(name, r.Text("key_id"), r.Text("box")), ("name", name))) is not { } box) return null;
            if (keys.Find(box.KeyId) is not null) return Open(box);
            // Another process has renewed the key, perhaps once more since the row was read.
            keys.Reload();
            if (keys.Find(box.KeyId) is not null || attempt == MostReads) return Open(box);
        }
    }

    /// <summary>
    /// Encrypts all secrets with a new key and forgets the old ones. A kill at any moment loses nothing: the old keys go last, and only those that no secret needs. One rotation at a
    /// time, of all processes.
    /// </summary>
    /// <returns>How many secrets there are.</returns>
    public int RotateKey()
    {
        using var alone = keys.Hold();
        keys.Begin();
        var count = database.Write(s =>
        {
            var boxes = Boxes(s);
            var key = keys.Current;
            foreach (var box in boxes.Where(b => b.KeyId != key.Id))
                s.Execute("UPDATE secrets SET key_id = @key, box = @box WHERE name = @name", ("key", key.Id), ("box", key.Encrypt(box.Name, Open(box))), ("name", box.Name));
            Renewed.Encrypt(s);
            return boxes.Count;
        });
        database.Write(s =>
        {
            keys.End([.. s.Rows("SELECT key_id FROM secrets UNION SELECT key_id FROM renewed_secrets", r => r.Text("key_id"))]);
            return 0;
        });
        return count;
    }

    /// <summary>Letters, digits, <c>. _ -</c>, beginning with a letter or digit, up to 200.</summary>
    public static bool IsName(string? name) => name is not null && Form().IsMatch(name);

    /// <summary>The value goes: what came of it goes with it.</summary>
    private void ForgetRenewed(SqlSession session, string name, string? newValue)
    {
        var values = Boxes(session).Select(b => (b.Name, Value: TryOpen(b))).ToList();
        if (values.Find(v => v.Name == name).Value is not { } old || old == newValue || values.Exists(v => v.Name != name && v.Value == old)) return;
        Renewed.Forget(session, old);
    }

    private static List<Box> Boxes(SqlSession session) => session.Rows("SELECT name, key_id, box FROM secrets", r => new Box(r.Text("name"), r.Text("key_id"), r.Text("box")));

    private string? TryOpen(Box box)
    {
        try { return Open(box); }
        catch (CatalogException) { return null; }
    }

    private string Open(Box box)
    {
        try
        {
            return keys.Find(box.KeyId)?.Decrypt(box.Name, box.Text)
                ?? throw new CatalogException($"The secret '{box.Name}' was encrypted with a key that is not in {keys.Place}. Bring the key back, or enter the secret again.");
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new CatalogException($"The secret '{box.Name}' cannot be decrypted: the catalog was changed by another program. Enter the secret again.", e);
        }
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}\z", System.Text.RegularExpressions.RegexOptions.CultureInvariant)]
    private static partial System.Text.RegularExpressions.Regex Form();

    private sealed record Box(string Name, string KeyId, string Text);
}
