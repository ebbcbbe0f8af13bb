using System.Security.Cryptography;
using System.Text;

namespace FlowForge.ServiceDefaults;

/// <summary>
/// The secret that lets a person or a tool use this environment, kept in a file that only its owner can read (0600). Immutable, thread-safe.
/// </summary>
public sealed class AccessToken
{
    private readonly byte[] hash;

    private AccessToken(string value)
    {
        Value = value;
        hash = SHA256.HashData(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>The token itself; never log it.</summary>
    public string Value { get; }

    /// <summary>Compares in a time that does not depend on how much of it is right.</summary>
    public bool Matches(string? candidate) =>
        candidate is not null && CryptographicOperations.FixedTimeEquals(hash, SHA256.HashData(Encoding.UTF8.GetBytes(candidate)));

    /// <summary>Reads an existing token file. Throws <see cref="InvalidOperationException"/> with what to do when it is missing or empty.</summary>
    public static AccessToken Load(string file)
    {
        if (!File.Exists(file))
            throw new InvalidOperationException($"The token file {file} does not exist. Start the environment through the AppHost, which makes it, or set FlowForge:TokenFile.");
        var text = File.ReadAllText(file).Trim();
        return text.Length >= 16 ? new AccessToken(text)
            : throw new InvalidOperationException($"The token file {file} holds no usable token (16 characters or more). Delete it; the AppHost makes a new one at its next start.");
    }

    /// <summary>Reads the token file, or makes it with a new random token. Safe against two processes that do so at once.</summary>
    public static AccessToken LoadOrCreate(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (File.Exists(file))
            return Load(file);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var temporary = $"{file}.{Environment.ProcessId}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(temporary, options))
            writer.Write(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)));
        try
        {
            File.Move(temporary, file, overwrite: false);
        }
        catch (IOException) when (File.Exists(file))
        {
            File.Delete(temporary);
        }
        return Load(file);
    }
}
