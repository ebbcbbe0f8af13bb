using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace FlowForge.Plugins.Rest.Http;

/// <summary>Puts credentials on requests. OAuth 2 tokens are fetched when needed and kept until shortly before they end.</summary>
/// <param name="context">Told of every token that is fetched; has the log.</param>
/// <param name="state">Has the token, for all who use these credentials.</param>
internal sealed class Authorization(AuthSpec spec, HttpClient http, ConnectorContext context, ApiState state)
{
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(30);
    private string? _used;

    /// <summary>Whether a server of tokens has given one.</summary>
    public bool HasToken => _used is not null;

    public async Task ApplyAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        switch (spec.Kind)
        {
            case AuthKind.Basic:
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Needed(spec.User, "user")}:{spec.Password.Reveal()}")));
                break;
            case AuthKind.Bearer:
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Needed(spec.Token, "token"));
                break;
            case AuthKind.ApiKey when spec.KeyIn == KeyPlace.Header:
                request.Headers.Remove(spec.KeyName);
                request.Headers.TryAddWithoutValidation(spec.KeyName, Needed(spec.Token, "token"));
                break;
            case AuthKind.ApiKey:
                request.RequestUri = Address.With(request.RequestUri!, spec.KeyName, Needed(spec.Token, "token"));
                break;
            case AuthKind.Oauth2ClientCredentials or AuthKind.Oauth2Refresh:
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(cancellationToken).ConfigureAwait(false));
                break;
            case AuthKind.Oauth1:
                request.Headers.TryAddWithoutValidation("Authorization", OAuth1.Header(spec, request.Method.Method, request.RequestUri!, Needed(spec.ClientId, "client_id")));
                break;
        }
    }

    /// <summary>Drops a fetched token that the server no longer takes. False when there is none: asking again would not help.</summary>
    public bool Forget()
    {
        if (_used is not { } refused) return false;
        _used = null;
        // Another one may have fetched a newer one meanwhile.
        if (state.Token == refused) state.Token = null;
        return true;
    }

    /// <summary>The text without any secret in it: servers like to repeat what they refuse.</summary>
    public string Hide(string text)
    {
        foreach (var secret in new[] { spec.Password.Reveal(), spec.Token.Reveal(), spec.ClientSecret.Reveal(), spec.RefreshToken.Reveal(), spec.TokenSecret.Reveal(), _used ?? "", state.Token ?? "", state.Refresh ?? "" })
            if (secret.Length > 0) text = text.Replace(secret, "***", StringComparison.Ordinal).Replace(Uri.EscapeDataString(secret), "***", StringComparison.Ordinal);
        return text;
    }

    private async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        await state.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (state.Token is not { } token || DateTimeOffset.UtcNow >= state.Ends - Early) token = await FetchAsync(cancellationToken).ConfigureAwait(false);
            else context.Conceal(new Secret(token));
            return _used = token;
        }
        finally
        {
            state.Gate.Release();
        }
    }

    private async Task<string> FetchAsync(CancellationToken cancellationToken)
    {
        var address = spec.TokenUrl ?? throw Missing("token_url");
        var form = new Dictionary<string, string> { ["grant_type"] = spec.Kind == AuthKind.Oauth2Refresh ? "refresh_token" : "client_credentials" };
        if (spec.Kind == AuthKind.Oauth2Refresh) form["refresh_token"] = state.Refresh ?? Needed(spec.RefreshToken, "refresh_token");
        if (spec.Scope is { } scope) form["scope"] = scope;
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(form) };
        var client = $"{Uri.EscapeDataString(Needed(spec.ClientId, "client_id"))}:{Uri.EscapeDataString(spec.ClientSecret.Reveal())}";
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(client)));
        using var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            var message = Hide($"{address.GetLeftPart(UriPartial.Path)} gives no token: HTTP {(int)response.StatusCode}: {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300))).ReplaceLineEndings(" ")}");
            throw (int)response.StatusCode is >= 500 or 429 ? new TransientException(message) : new TerminalException(message, spec.Kind == AuthKind.Oauth2Refresh ? "Check token_url, client_id, client_secret and scope. Servers that give a new refresh token with each use have forgotten this one: get a new one, of a client whose refresh token stays." : "Check token_url, client_id, client_secret and scope.");
        }
        try
        {
            using var answer = JsonDocument.Parse(body);
            var token = answer.RootElement.TryGetProperty("access_token", out var given) ? given.GetString() : null;
            if (answer.RootElement.TryGetProperty("refresh_token", out var refresh) && refresh.GetString() is { Length: > 0 } rotated && rotated != (state.Refresh ?? spec.RefreshToken.Reveal())) Keep(rotated, address);
            foreach (var got in new[] { token, state.Refresh }) if (got is not null) context.Conceal(new Secret(got));
            (state.Token, state.Ends) = (token, DateTimeOffset.UtcNow.AddSeconds(Seconds(answer.RootElement)));
            return token ?? throw new TerminalException($"{address.GetLeftPart(UriPartial.Path)} answers without an access_token.", "Check token_url.");
        }
        // The latter: JSON, and something else than an object of texts.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new TerminalException($"{address.GetLeftPart(UriPartial.Path)} answers with no JSON that holds a token.", "Check token_url.", e);
        }
    }

    /// <summary>Servers may give a new refresh token and forget the old one; it lasts as long as this process does.</summary>
    private void Keep(string refresh, Uri address)
    {
        if (state.Refresh is null) context.Log.Warning($"{address.GetLeftPart(UriPartial.Path)} gives a new refresh token with each use. It is kept while the runtime runs and not stored: after a restart the connection's own is sent, which such servers refuse. Use a client whose refresh token stays, or client credentials.");
        state.Refresh = refresh;
    }

    /// <summary>How long the token lasts. Some services write the number as a text; what says nothing is an hour.</summary>
    private static double Seconds(JsonElement answer) =>
        answer.TryGetProperty("expires_in", out var ends) && double.TryParse(ends.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var given) && given is > 0 and < 1e9 ? given : 3600;

    private string Needed(Secret value, string name) => Needed(value.IsEmpty ? null : value.Reveal(), name);
    private string Needed(string? value, string name) => string.IsNullOrEmpty(value) ? throw Missing(name) : value;
    private TerminalException Missing(string name) => new($"auth.{name} is missing, which {Words(spec.Kind)} needs.", $"Set auth.{name}.");
    private static string Words(AuthKind kind) => kind switch { AuthKind.ApiKey => "api_key", AuthKind.Oauth2ClientCredentials => "oauth2_client_credentials", AuthKind.Oauth2Refresh => "oauth2_refresh", _ => kind.ToString().ToLowerInvariant() };
}
