namespace FlowForge.Plugins.Rest;

/// <summary>How a request says who it comes from.</summary>
public enum AuthKind { None, Basic, Bearer, ApiKey, Oauth2ClientCredentials, Oauth2Refresh, Oauth1 }

/// <summary>Where an API key stands.</summary>
public enum KeyPlace { Header, Query }

/// <summary>How OAuth 1 signs.</summary>
public enum SignatureKind { HmacSha256, HmacSha1 }

/// <summary>The ways in. Which settings are needed depends on the kind; what is missing is said.</summary>
public sealed record AuthSpec
{
    [Setting("none, basic (user, password), bearer (token), api_key (token, key_name, key_in), oauth2_client_credentials (token_url, client_id, client_secret), oauth2_refresh (these and refresh_token), oauth1 (client_id, client_secret, token, token_secret)")]
    public AuthKind Kind { get; init; }

    [Setting("Login for basic", When = "kind=basic")]
    public string? User { get; init; }

    [Setting("Password for basic", When = "kind=basic")]
    public Secret Password { get; init; }

    [Setting("Token for bearer and oauth1, or the API key", When = "kind=bearer,api_key,oauth1")]
    public Secret Token { get; init; }

    [Setting("Name of the header or parameter that carries the API key", When = "kind=api_key")]
    public string KeyName { get; init; } = "X-API-Key";

    [Setting("Whether the API key stands in a header or in the query", When = "kind=api_key")]
    public KeyPlace KeyIn { get; init; }

    [Setting("Address that gives OAuth 2 tokens", When = "kind=oauth2_client_credentials,oauth2_refresh")]
    public Uri? TokenUrl { get; init; }

    [Setting("Client id (OAuth 2) or consumer key (OAuth 1)", When = "kind=oauth2_client_credentials,oauth2_refresh,oauth1")]
    public string? ClientId { get; init; }

    [Setting("Client secret (OAuth 2) or consumer secret (OAuth 1)", When = "kind=oauth2_client_credentials,oauth2_refresh,oauth1")]
    public Secret ClientSecret { get; init; }

    [Setting("Refresh token for oauth2_refresh", When = "kind=oauth2_refresh")]
    public Secret RefreshToken { get; init; }

    [Setting("Scopes asked for, separated by blanks", When = "kind=oauth2_client_credentials,oauth2_refresh")]
    public string? Scope { get; init; }

    [Setting("Token secret for oauth1", When = "kind=oauth1")]
    public Secret TokenSecret { get; init; }

    [Setting("Realm for oauth1", When = "kind=oauth1")]
    public string? Realm { get; init; }

    [Setting("Signature for oauth1", When = "kind=oauth1")]
    public SignatureKind Signature { get; init; }
}

/// <summary>What every HTTP API needs.</summary>
public record ApiSpec
{
    [Setting("Address that relative urls start from; credentials are sent to this host alone", Scope = SettingScope.Connection, Example = "https://api.example.com/v2/")]
    public Uri? BaseUrl { get; init; }

    [Setting("How to get in", Scope = SettingScope.Connection)]
    public AuthSpec Auth { get; init; } = new();

    [Setting("Headers sent with every request; kept as secrets, for keys travel in them", Scope = SettingScope.Connection)]
    public IReadOnlyDictionary<string, Secret> Headers { get; init; } = new Dictionary<string, Secret>();

    [Setting("Longest wait for one answer", Scope = SettingScope.Connection)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    [Setting("Longest wait that is taken when the server asks for a pause; beyond it the run tries again later", Scope = SettingScope.Connection)]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(2);

    [Setting("Most requests a second; 0 for as many as the server bears", Scope = SettingScope.Connection, Minimum = 0)]
    public double RequestsPerSecond { get; init; }

    [Setting("Largest answer in megabytes", Minimum = 1, Maximum = 1024)]
    public int LargestAnswer { get; init; } = 64;
}
