using System.Diagnostics;
using System.Security.Cryptography;

namespace FlowForge.Catalog;

/// <summary>
/// The keys that secrets are encrypted with: the first one encrypts, all of them decrypt. They come from the environment variable
/// <c>FLOWFORGE_SECRET_KEYS</c> (base64 of 32 bytes, several separated by commas) or else from a file that only its owner can read. Thread-safe.
/// </summary>
public sealed class SecretKeys
{
    public const string Variable = "FLOWFORGE_SECRET_KEYS";
    private const int Bytes = 32;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly string? _file;
    private IReadOnlyList<SecretKey> _keys;

    private SecretKeys(IReadOnlyList<SecretKey> keys, string? file) => (_keys, _file) = (keys, file);

    /// <summary>Where the keys are, for people.</summary>
    public string Place => _file ?? $"environment variable {Variable}";

    internal SecretKey Current => Volatile.Read(ref _keys)[0];

    /// <summary>Lets one rotation at a time go on, of all processes that share the file. Dispose it afterwards.</summary>
    /// <exception cref="CatalogException">Another one goes on for a minute already.</exception>
    internal IDisposable? Hold()
    {
        if (_file is null) return null;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(_file + ".lock", options);
            }
            catch (IOException) when (File.Exists(_file + ".lock") && Stopwatch.GetElapsedTime(since) < LongestWait)
            {
                Thread.Sleep(20);
            }
            catch (IOException e)
            {
                throw new CatalogException($"The keys in {_file} are being renewed by another process for a minute already. Try again once it is done.", e);
            }
        }
    }

    /// <summary>Reads the file again: another process may have renewed the keys. A file that is not there changes nothing.</summary>
    internal void Reload()
    {
        lock (_gate)
        {
            if (_file is not null && File.Exists(_file)) Volatile.Write(ref _keys, Read(File.ReadAllLines(_file), _file));
        }
    }

    /// <param name="file">Made with a new key when it is missing and the environment has none.</param>
    /// <exception cref="CatalogException">A key is no key, or the file can be read by others.</exception>
    public static SecretKeys Load(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given) return new SecretKeys(Read(given.Split(','), $"environment variable {Variable}"), null);
        if (!File.Exists(file)) Write(file, [SecretKey.New()]);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
            throw new CatalogException($"The key file {file} can be read by other users. Take their rights away (chmod 600), and renew the key with 'flowforge secrets rotate-key'.");
        return new SecretKeys(Read(File.ReadAllLines(file), file), file);
    }

    internal SecretKey? Find(string id) => Volatile.Read(ref _keys).FirstOrDefault(k => k.Id == id);

    /// <summary>Puts a new key in front, on disk before it is used. With keys from the environment the first one there is the new one already.</summary>
    internal void Begin()
    {
        lock (_gate)
        {
            if (_file is null) return;
            Reload();
            SecretKey[] keys = [SecretKey.New(), .. _keys];
            Write(_file, keys);
            Volatile.Write(ref _keys, keys);
        }
    }

    /// <summary>Forgets all keys but the first and those that something is encrypted with.</summary>
    /// <param name="used">Their ids. Nothing may be encrypted meanwhile: the caller has the catalog's write lock.</param>
    internal void End(IReadOnlyCollection<string> used)
    {
        lock (_gate)
        {
            if (_file is null) return;
            Reload();
            SecretKey[] keys = [.. _keys.Where((k, i) => i == 0 || used.Contains(k.Id))];
            Write(_file, keys);
            Volatile.Write(ref _keys, keys);
        }
    }

    private static SecretKey[] Read(IEnumerable<string> texts, string place)
    {
        try
        {
            var keys = texts.Select(t => t.Trim()).Where(t => t.Length > 0).Select(t => new SecretKey(Convert.FromBase64String(t))).ToArray();
            if (keys.Length > 0 && keys.All(k => k.Length == Bytes)) return keys;
        }
        catch (FormatException)
        {
            // Said below.
        }
        throw new CatalogException($"{place} holds no key for secrets: base64 of {Bytes} bytes is needed. Make one with 'openssl rand -base64 {Bytes}'; without the old key the stored secrets must be entered again.");
    }

    /// <summary>A kill in the middle leaves the old file.</summary>
    private static void Write(string file, IReadOnlyList<SecretKey> keys)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var temporary = $"{file}.{Guid.NewGuid():n}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(temporary, options))
        {
            using (var writer = new StreamWriter(stream, leaveOpen: true))
                foreach (var key in keys) writer.WriteLine(key.ToBase64());
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, file, overwrite: true);
    }
}

/// <summary>One key of AES-256-GCM.</summary>
internal sealed class SecretKey(byte[] key)
{
    private const int NonceBytes = 12, TagBytes = 16;

    /// <summary>Tells keys apart without telling anything of them.</summary>
    public string Id { get; } = Convert.ToHexStringLower(SHA256.HashData([.. "flowforge key id"u8, .. key]))[..16];

    public int Length => key.Length;

    public static SecretKey New() => new(RandomNumberGenerator.GetBytes(32));

    public string ToBase64() => Convert.ToBase64String(key);

    public string Encrypt(string name, string value)
    {
        var plain = System.Text.Encoding.UTF8.GetBytes(value);
        var box = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), plain, box.AsSpan(NonceBytes, plain.Length), box.AsSpan(NonceBytes + plain.Length), System.Text.Encoding.UTF8.GetBytes(name));
        CryptographicOperations.ZeroMemory(plain);
        return Convert.ToBase64String(box);
    }

    /// <exception cref="CryptographicException">The box was changed, or belongs to another name.</exception>
    public string Decrypt(string name, string text)
    {
        var box = Convert.FromBase64String(text);
        var plain = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes, plain.Length), box.AsSpan(NonceBytes + plain.Length), plain, System.Text.Encoding.UTF8.GetBytes(name));
        return System.Text.Encoding.UTF8.GetString(plain);
    }
}
