using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FlowForge.Plugins.Http.GoogleDrive;

/// <summary>Access tokens: by a service account's signed claim, or by a person's refresh token. Kept until shortly before they end.</summary>
/// <param name="conceal">Told of every token that is fetched.</param>
internal sealed class GoogleToken(GoogleDriveSpec spec, HttpFiles plain, Action<Secret> conceal) : IDisposable
{
    private const string Scope = "https://www.googleapis.com/auth/drive.readonly";
    private static readonly TimeSpan Early = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim _gate = new(1);
    private AuthenticationHeaderValue? _token;
    private DateTimeOffset _ends;

    /// <exception cref="TerminalException">The credentials are not complete, or refused.</exception>
    public async ValueTask<AuthenticationHeaderValue> GetAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_token is not null && DateTimeOffset.UtcNow < _ends - Early) return _token;
            var form = spec switch
            {
                { ServiceAccountKey.IsEmpty: false, RefreshToken.IsEmpty: false } => throw new TerminalException("Both service_account_key and refresh_token are given.", "Keep one of them."),
                { ServiceAccountKey.IsEmpty: false } => new Dictionary<string, string> { ["grant_type"] = "urn:ietf:params:oauth:grant-type:jwt-bearer", ["assertion"] = Claim() },
                { RefreshToken.IsEmpty: false, ClientId.Length: > 0 } => new() { ["grant_type"] = "refresh_token", ["refresh_token"] = spec.RefreshToken.Reveal(), ["client_id"] = spec.ClientId, ["client_secret"] = spec.ClientSecret.Reveal() },
                _ => throw new TerminalException("There are no credentials.", "Set service_account_key, or client_id, client_secret and refresh_token."),
            };
            using var answer = await plain.SendAsync(HttpMethod.Post, spec.TokenUrl, r => r.Content = new FormUrlEncodedContent(form), cancellationToken).ConfigureAwait(false);
            using var body = await DriveAnswer.ReadAsync(plain, answer, cancellationToken).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
            {
                // Google says the error's name, and what it means.
                var said = $"{DriveAnswer.Text(body, "error") ?? $"HTTP {(int)answer.StatusCode}"}{(DriveAnswer.Text(body, "error_description") is { } more ? $": {more}" : "")}";
                throw (int)answer.StatusCode is >= 500 or 429 ? new TransientException($"{HttpFiles.Shown(spec.TokenUrl)} gives no token: {said}")
                    : new TerminalException($"{HttpFiles.Shown(spec.TokenUrl)} gives no token: {Hide(said)}", "Check the credentials: the key may have been deleted, or the refresh token withdrawn.");
            }
            var seconds = body.RootElement.TryGetProperty("expires_in", out var ends) && ends.ValueKind == JsonValueKind.Number && ends.TryGetInt32(out var given) ? given : 3600;
            _ends = DateTimeOffset.UtcNow.AddSeconds(seconds);
            var token = DriveAnswer.Text(body, "access_token") ?? throw new TerminalException($"{HttpFiles.Shown(spec.TokenUrl)} answers without an access_token.", "Check token_url.");
            conceal(new Secret(token));
            return _token = new AuthenticationHeaderValue("Bearer", token);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A claim that the account itself asks, signed with its key, good for ten minutes.</summary>
    private string Claim()
    {
        try
        {
            using var key = JsonDocument.Parse(spec.ServiceAccountKey.Reveal());
            var (mail, pem) = (DriveAnswer.Text(key, "client_email"), DriveAnswer.Text(key, "private_key"));
            if (mail is null || pem is null) throw new TerminalException("service_account_key has no client_email and private_key.", "Give the whole key file of the service account (JSON), as it was downloaded.");
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var head = JsonSerializer.SerializeToUtf8Bytes(new { alg = "RS256", typ = "JWT" });
            var claims = JsonSerializer.SerializeToUtf8Bytes(new { iss = mail, scope = Scope, aud = spec.TokenUrl.AbsoluteUri, iat = now, exp = now + 600 });
            var text = $"{Base64(head)}.{Base64(claims)}";
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return $"{text}.{Base64(rsa.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
        }
        // What these say may hold parts of the key.
        catch (Exception e) when (e is JsonException or ArgumentException or CryptographicException) { throw new TerminalException("service_account_key is no key file of a service account.", "Give the whole key file of the service account (JSON), as it was downloaded."); }
    }

    private string Hide(string text)
    {
        foreach (var secret in new[] { spec.RefreshToken.Reveal(), spec.ClientSecret.Reveal() })
            if (secret.Length > 0) text = text.Replace(secret, "***", StringComparison.Ordinal);
        return text;
    }

    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public void Dispose() => _gate.Dispose();
}
