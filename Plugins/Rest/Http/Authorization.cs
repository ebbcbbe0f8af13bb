using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace FlowForge.Plugins.Rest.Http;

/// <summary>Puts credentials on requests. OAuth 2 tokens are fetched when needed and kept until shortly before they end.</summary>
/// <param name="context">Told of every token that is fetched; has the log.</param>
/// <param name="state">Has the token, for all who use these credentials in this process.</param>
/// <param name="timeout">Longest wait for a token.</param>
internal sealed class Authorization(AuthSpec spec, TimeSpan timeout, ConnectorContext context, ApiState state)
{
    private const int LargestAnswer = 1 << 20;
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(30);
    private string[] _got = [];
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
        state.Refused = refused;
        return true;
    }

    /// <summary>The text without any secret in it: servers like to repeat what they refuse.</summary>
    public string Hide(string text)
    {
        foreach (var secret in new[] { spec.Password.Reveal(), spec.Token.Reveal(), spec.ClientSecret.Reveal(), spec.RefreshToken.Reveal(), spec.TokenSecret.Reveal(), state.Token ?? "" }.Concat(Volatile.Read(ref _got)))
            if (secret.Length > 0) text = text.Replace(secret, "***", StringComparison.Ordinal).Replace(Uri.EscapeDataString(secret), "***", StringComparison.Ordinal);
        return text;
    }

    private async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        await state.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        // Once the server was asked its answer is waited for, whatever becomes of the run: in an answer that is broken off the only refresh token may be lost that is still good.
        return _used = await ExchangeAsync(cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has the gate, and opens it.</summary>
    private async Task<string> ExchangeAsync(CancellationToken beforeAsking)
    {
        try
        {
            if (state.Token is { } known && DateTimeOffset.UtcNow < state.Ends - Early)
            {
                Conceal(known);
                return known;
            }
            var got = await (spec.Kind == AuthKind.Oauth2Refresh ? RenewAsync(beforeAsking) : AskAsync(null)).ConfigureAwait(false);
            (state.Token, state.Ends) = (got.Access, got.Ends);
            return got.Access!;
        }
        finally
        {
            state.Gate.Release();
        }
    }

    /// <summary>Uses the newest refresh token, alone of all that have the same one, and keeps what it gives before anybody uses it.</summary>
    private async Task<RenewedTokens> RenewAsync(CancellationToken beforeAsking)
    {
        var held = await context.Renewals.HoldAsync(new Secret(Needed(spec.RefreshToken, "refresh_token")), beforeAsking).ConfigureAwait(false);
        await using var _ = held.ConfigureAwait(false);
        var known = state.Unkept ?? RenewedTokens.Read(held.Current);
        var purpose = $"{spec.TokenUrl} {spec.ClientId} {spec.Scope}";
        Conceal(known.Refresh, known.Access);
        // Another process has asked meanwhile.
        if (known.Access is { } given && known.Purpose == purpose && given != state.Refused && DateTimeOffset.UtcNow < known.Ends - Early) return known;
        var got = await AskAsync(known.Refresh).ConfigureAwait(false) with { Purpose = purpose };
        try
        {
            await held.KeepAsync(got.Write(), CancellationToken.None).ConfigureAwait(false);
            state.Unkept = null;
        }
        catch (IOException e)
        {
            context.Log.Warning($"The tokens that {spec.TokenUrl!.GetLeftPart(UriPartial.Path)} gave are kept until the process ends and not stored: {e.Message} If it voids a refresh token that was used, the next start needs a new one.");
            state.Unkept = got;
        }
        return got;
    }

    /// <param name="refresh">The refresh token to use up; null for client credentials.</param>
    /// <returns>With an access token, and the refresh token to use next.</returns>
    private async Task<RenewedTokens> AskAsync(string? refresh)
    {
        var address = spec.TokenUrl ?? throw Missing("token_url");
        var form = new Dictionary<string, string> { ["grant_type"] = refresh is null ? "client_credentials" : "refresh_token" };
        if (refresh is not null) form["refresh_token"] = refresh;
        if (spec.Scope is { } scope) form["scope"] = scope;
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(form) };
        var client = $"{Uri.EscapeDataString(Needed(spec.ClientId, "client_id"))}:{Uri.EscapeDataString(spec.ClientSecret.Reveal())}";
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(client)));
        // Of its own: the connector's ends with the run.
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.All }) { Timeout = timeout, MaxResponseContentBufferSize = LargestAnswer };
        using var response = await http.SendAsync(request).ConfigureAwait(false);
        var body = await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            var message = Hide($"{address.GetLeftPart(UriPartial.Path)} gives no token: HTTP {(int)response.StatusCode}: {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300))).ReplaceLineEndings(" ")}");
            throw (int)response.StatusCode is >= 500 or 429 ? new TransientException(message)
                : new TerminalException(message, refresh is null ? "Check token_url, client_id, client_secret and scope." : "Check token_url, client_id, client_secret and scope. A refresh token that has ended, or that another program has used up, is taken no more: get a new one and set it as refresh_token.");
        }
        try
        {
            using var answer = JsonDocument.Parse(body);
            var token = answer.RootElement.TryGetProperty("access_token", out var given) ? given.GetString() : null;
            var next = answer.RootElement.TryGetProperty("refresh_token", out var renewed) && renewed.GetString() is { Length: > 0 } newer ? newer : refresh;
            Conceal(token, refresh is null ? null : next);
            return token is null ? throw new TerminalException($"{address.GetLeftPart(UriPartial.Path)} answers without an access_token.", "Check token_url.")
                : new RenewedTokens(next ?? "", token, DateTimeOffset.UtcNow.AddSeconds(Seconds(answer.RootElement)), null);
        }
        // The latter: JSON, and something else than an object of texts.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new TerminalException($"{address.GetLeftPart(UriPartial.Path)} answers with no JSON that holds a token.", "Check token_url.", e);
        }
    }

    private void Conceal(params ReadOnlySpan<string?> secrets)
    {
        foreach (var secret in secrets)
        {
            if (string.IsNullOrEmpty(secret) || secret == spec.RefreshToken.Reveal() || Array.IndexOf(_got, secret) >= 0) continue;
            Volatile.Write(ref _got, [.. _got, secret]);
            context.Conceal(new Secret(secret));
        }
    }

    /// <summary>How long the token lasts. Some services write the number as a text; what says nothing is an hour.</summary>
    private static double Seconds(JsonElement answer) =>
        answer.TryGetProperty("expires_in", out var ends) && double.TryParse(ends.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var given) && given is > 0 and < 1e9 ? given : 3600;

    private string Needed(Secret value, string name) => Needed(value.IsEmpty ? null : value.Reveal(), name);
    private string Needed(string? value, string name) => string.IsNullOrEmpty(value) ? throw Missing(name) : value;
    private TerminalException Missing(string name) => new($"auth.{name} is missing, which {Words(spec.Kind)} needs.", $"Set auth.{name}.");
    private static string Words(AuthKind kind) => kind switch { AuthKind.ApiKey => "api_key", AuthKind.Oauth2ClientCredentials => "oauth2_client_credentials", AuthKind.Oauth2Refresh => "oauth2_refresh", _ => kind.ToString().ToLowerInvariant() };
}
