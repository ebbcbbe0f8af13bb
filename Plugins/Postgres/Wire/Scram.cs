using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FlowForge.Plugins.Postgres.Wire;

/// <summary>The client's side of SCRAM-SHA-256 (RFC 5802 and 7677) without channel binding: the password never goes over the wire, and the server has to prove that it knows it too.</summary>
internal sealed class Scram(string password, string nonce)
{
    public const string Mechanism = "SCRAM-SHA-256";

    // PostgreSQL takes the name from the start of the session.
    private string FirstBare => $"n=*,r={nonce}";

    private byte[] _serverSignature = [];

    public static Scram Begin(string password) => new(password, Convert.ToBase64String(RandomNumberGenerator.GetBytes(18)));

    /// <summary>The client's first message.</summary>
    public string First => "n,," + FirstBare;

    /// <summary>The answer to the server's first message.</summary>
    /// <exception cref="InvalidDataException">It is not what the protocol wants.</exception>
    public string Final(string serverFirst)
    {
        var parts = serverFirst.Split(',');
        if (parts is not [['r', '=', ..], ['s', '=', ..], ['i', '=', ..], ..]) throw new InvalidDataException("The server's SCRAM message is malformed.");
        var (full, salt) = (parts[0][2..], Convert.FromBase64String(parts[1][2..]));
        if (!full.StartsWith(nonce, StringComparison.Ordinal) || full.Length == nonce.Length) throw new InvalidDataException("The server's SCRAM nonce does not go on from ours.");
        if (!int.TryParse(parts[2].AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) || rounds is < 1 or > 10_000_000) throw new InvalidDataException("The server's SCRAM iteration count is malformed.");
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password.Normalize(NormalizationForm.FormKC)), salt, rounds, HashAlgorithmName.SHA256, 32);
        var withoutProof = $"c=biws,r={full}";
        var signed = Encoding.UTF8.GetBytes($"{FirstBare},{serverFirst},{withoutProof}");
        var key = HMACSHA256.HashData(salted, "Client Key"u8);
        var proof = HMACSHA256.HashData(SHA256.HashData(key), signed);
        for (var i = 0; i < proof.Length; i++) proof[i] ^= key[i];
        _serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), signed);
        return $"{withoutProof},p={Convert.ToBase64String(proof)}";
    }

    /// <summary>Whether the server's last message proves that it knows the password.</summary>
    public bool Proves(string serverFinal) =>
        serverFinal.Split(',')[0] is ['v', '=', .. var signature] && _serverSignature.Length > 0 && CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(signature), _serverSignature);
}
