using System.Collections.Concurrent;
using System.Collections.Specialized;
using System.Net;
using System.Text;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Rest;

/// <summary>A small HTTP server on a loopback port that answers as a test says and remembers what it was asked.</summary>
internal sealed class TestApi : IDisposable
{
    private readonly HttpListener _listener = new();

    /// <summary>What came in.</summary>
    public sealed record Request(string Method, string Path, NameValueCollection Query, NameValueCollection Headers, string Body);

    /// <summary>What goes out.</summary>
    public sealed record Reply(string Body, int Status = 200, params (string Name, string Value)[] Headers);

    public TestApi(Func<Request, Reply> answer)
    {
        Address = new Uri($"http://127.0.0.1:{FreePort.Take()}/");
        _listener.Prefixes.Add(Address.AbsoluteUri);
        _listener.Start();
        _ = Task.Run(async () =>
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context;
                try { context = await _listener.GetContextAsync(); }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException) { return; }
                using var body = new StreamReader(context.Request.InputStream);
                var request = new Request(context.Request.HttpMethod, context.Request.Url!.AbsolutePath, context.Request.QueryString, context.Request.Headers, await body.ReadToEndAsync());
                Requests.Enqueue(request);
                var reply = answer(request);
                context.Response.StatusCode = reply.Status;
                foreach (var (name, value) in reply.Headers) context.Response.Headers[name] = value;
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(reply.Body));
                context.Response.Close();
            }
        });
    }

    public Uri Address { get; }
    public ConcurrentQueue<Request> Requests { get; } = new();
    public string Asked => string.Join(" ", Requests.Select(r => $"{r.Path}{(r.Query.Count == 0 ? "" : "?" + string.Join('&', r.Query.AllKeys.Order(StringComparer.Ordinal).Select(k => $"{k}={r.Query[k]}")))}"));

    public void Dispose() => _listener.Close();
}
