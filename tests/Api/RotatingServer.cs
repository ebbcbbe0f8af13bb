using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace FlowForge.Api.Tests;

/// <summary>An API behind OAuth 2 whose refresh tokens are for one use: the one that comes a second time ends all that came of it, and is repeated in the refusal. Tokens are canaries.</summary>
internal sealed class RotatingServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly HashSet<string> _access = [];
    private bool _isRevoked;

    /// <param name="first">The refresh token that a person was given.</param>
    public RotatingServer(string first)
    {
        Newest = first;
        Address = new Uri($"http://127.0.0.1:{FreePort.Take()}/");
        _listener.Prefixes.Add(Address.AbsoluteUri);
        _listener.Start();
        _ = Task.Run(AnswerAsync);
    }

    public Uri Address { get; }

    /// <summary>What comes of it now: the only refresh token that is good.</summary>
    public string Newest { get; set; }

    /// <summary>The refresh tokens that came.</summary>
    public ConcurrentQueue<string> Used { get; } = new();

    /// <summary>Access tokens that were given are taken no more.</summary>
    public void EndAccess()
    {
        lock (_access) _access.Clear();
    }

    private async Task AnswerAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try { context = await _listener.GetContextAsync(); }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException) { return; }
            using var reader = new StreamReader(context.Request.InputStream);
            var (status, body) = Answer(context.Request, await reader.ReadToEndAsync());
            try
            {
                context.Response.StatusCode = status;
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                // Who asked was killed meanwhile.
            }
        }
    }

    private (int Status, string Body) Answer(HttpListenerRequest request, string body)
    {
        lock (_access)
        {
            if (request.Url!.AbsolutePath != "/token")
                return _access.Contains(request.Headers["Authorization"] ?? "") ? (200, "[{\"id\": 1}, {\"id\": 2}]") : (401, "not in with " + request.Headers["Authorization"]);
            var given = Uri.UnescapeDataString(body.Split('&').First(p => p.StartsWith("refresh_token=", StringComparison.Ordinal))["refresh_token=".Length..]);
            Used.Enqueue(given);
            if (given != Newest || _isRevoked)
            {
                _isRevoked = true;
                return (400, $"used up: {given}");
            }
            var access = "canary-access-" + Guid.NewGuid().ToString("n");
            _access.Add("Bearer " + access);
            Newest = "canary-refresh-" + Guid.NewGuid().ToString("n");
            return (200, $"{{\"access_token\": \"{access}\", \"refresh_token\": \"{Newest}\", \"expires_in\": 3600}}");
        }
    }

    public void Dispose() => _listener.Close();
}
