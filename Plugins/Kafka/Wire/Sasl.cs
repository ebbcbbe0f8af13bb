using System.Security.Cryptography;
using System.Text;

namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>Says who the client is: PLAIN, or SCRAM (RFC 5802), by which the password never leaves the machine and the broker proves that it knows it too.</summary>
internal static class Sasl
{
    private const int MostIterations = 1_000_000;

    public static async Task LogInAsync(BrokerConnection connection, KafkaSpec spec, CancellationToken cancellationToken)
    {
        var user = spec.User ?? throw new TerminalException("sasl is given, and user is not.", "Set user and password.");
        var mechanism = spec.Sasl switch { SaslUse.Plain => "PLAIN", SaslUse.ScramSha256 => "SCRAM-SHA-256", _ => "SCRAM-SHA-512" };
        using (var answer = await connection.CallAsync(Api.SaslHandshake, 1, w => w.Text(mechanism), cancellationToken).ConfigureAwait(false))
            if (Offered(answer.Body.Span) is { } offered)
                throw new TerminalException($"{connection.Where}: the broker does not take {mechanism}; it takes {string.Join(", ", offered)}.", "Set sasl to one of these.");
        if (spec.Sasl == SaslUse.Plain)
        {
            await SendAsync(connection, $"\0{user}\0{spec.Password.Reveal()}", cancellationToken).ConfigureAwait(false);
            return;
        }
        var scram = new Scram(spec.Sasl == SaslUse.ScramSha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512, user, spec.Password.Reveal(), Convert.ToBase64String(RandomNumberGenerator.GetBytes(24)));
        var challenge = await SendAsync(connection, scram.First, cancellationToken).ConfigureAwait(false);
        string final;
        try { final = scram.Answer(challenge, MostIterations); }
        catch (FormatException e) { throw new TerminalException($"{connection.Where}: {e.Message}", "Check brokers: this one does not speak SCRAM as it should.", e); }
        if (!scram.Proves(await SendAsync(connection, final, cancellationToken).ConfigureAwait(false)))
            throw new TerminalException($"{connection.Where}: the broker could not prove that it knows the password.", "Something may stand between this machine and the broker: check brokers, and use tls.");
    }

    private static string[]? Offered(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        if (reader.Int16() == 0) return null;
        var names = new string[reader.Count()];
        for (var i = 0; i < names.Length; i++) names[i] = reader.Text() ?? "";
        return names;
    }

    private static async Task<string> SendAsync(BrokerConnection connection, string text, CancellationToken cancellationToken)
    {
        using var answer = await connection.CallAsync(Api.SaslAuthenticate, 0, w => w.Bytes(Encoding.UTF8.GetBytes(text)), cancellationToken).ConfigureAwait(false);
        return Read(answer.Body.Span, connection.Where);

        static string Read(ReadOnlySpan<byte> body, string where)
        {
            var reader = new WireReader(body);
            var (error, message) = (reader.Int16(), reader.Text());
            if (error != 0) throw new TerminalException($"{where}: the login was refused: {message ?? $"error {error}"}", "Check sasl, user and password.");
            return Encoding.UTF8.GetString(body[reader.Bytes()]);
        }
    }
}

/// <summary>The client's side of one SCRAM exchange.</summary>
internal sealed class Scram(HashAlgorithmName hash, string user, string password, string nonce)
{
    private readonly string _bare = $"n={user.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";
    private byte[] _signature = [];

    public string First => "n,," + _bare;

    /// <exception cref="FormatException">The challenge is none, or not for this client.</exception>
    public string Answer(string challenge, int mostIterations)
    {
        var fields = challenge.Split(',');
        var (whole, salt, count) = (Field(fields, 'r'), Field(fields, 's'), Field(fields, 'i'));
        if (!whole.StartsWith(nonce, StringComparison.Ordinal) || whole.Length == nonce.Length) throw new FormatException("The challenge is for another client.");
        if (!int.TryParse(count, out var iterations) || iterations < 1 || iterations > mostIterations) throw new FormatException($"The challenge asks for {count} iterations.");
        var size = hash == HashAlgorithmName.SHA256 ? 32 : 64;
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password.Normalize(NormalizationForm.FormKC)), Convert.FromBase64String(salt), iterations, hash, size);
        var clientKey = Hmac(salted, "Client Key");
        var last = $"c=biws,r={whole}";
        var message = $"{_bare},{challenge},{last}";
        var proof = Hmac(CryptographicOperations.HashData(hash, clientKey), message);
        for (var i = 0; i < proof.Length; i++) proof[i] ^= clientKey[i];
        _signature = Hmac(Hmac(salted, "Server Key"), message);
        return $"{last},p={Convert.ToBase64String(proof)}";
    }

    /// <summary>Whether the broker's last word could only be said by one who knows the password.</summary>
    public bool Proves(string final) =>
        final.Split(',').FirstOrDefault(f => f.StartsWith("v=", StringComparison.Ordinal)) is { } v && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(v[2..]), Encoding.ASCII.GetBytes(Convert.ToBase64String(_signature)));

    private byte[] Hmac(byte[] key, string text) => CryptographicOperations.HmacData(hash, key, Encoding.UTF8.GetBytes(text));

    private static string Field(string[] fields, char name) =>
        fields.FirstOrDefault(f => f.StartsWith($"{name}=", StringComparison.Ordinal))?[2..] ?? throw new FormatException($"The challenge has no {name}.");
}
