using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Http;

/// <summary>A small web server for files on a loopback port: ranges, ETags, redirects, passwords, and connections that it cuts.</summary>
internal sealed class FileServer : IDisposable
{
    private readonly HttpListener _listener = new();

    /// <summary>What it offers, by path.</summary>
    public sealed record Offer(byte[] Content)
    {
        public string? ETag { get; init; } = "\"v1\"";
        public DateTimeOffset? Modified { get; init; }
        public bool KnowsRanges { get; init; } = true;
        public bool KnowsHead { get; init; } = true;
        public string? Redirect { get; init; }
        public string? Needs { get; init; }
        /// <summary>Bytes after which the connection is cut, each time.</summary>
        public int CutAfter { get; init; } = int.MaxValue;
    }

    public FileServer()
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
                _ = Task.Run(() => Answer(context));
            }
        });
    }

    public Uri Address { get; }
    public ConcurrentDictionary<string, Offer> Files { get; } = new();
    public ConcurrentQueue<string> Asked { get; } = new();

    private void Answer(HttpListenerContext context)
    {
        var (request, response) = (context.Request, context.Response);
        try
        {
            Asked.Enqueue($"{request.HttpMethod} {request.Url!.AbsolutePath}{(request.Headers["Range"] is { } r ? " " + r : "")}{(request.Headers["Authorization"] is { } a ? " " + a : "")}{(request.Headers["X-Key"] is { } k ? " " + k : "")}");
            if (!Files.TryGetValue(request.Url.AbsolutePath, out var offer)) response.StatusCode = 404;
            else if (offer.Redirect is { } to) (response.StatusCode, response.RedirectLocation) = (302, to);
            else if (offer.Needs is { } needs && request.Headers["Authorization"] != needs) response.StatusCode = 401;
            else if (request.HttpMethod == "HEAD" && !offer.KnowsHead) response.StatusCode = 405;
            else Give(request, response, offer);
            response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or InvalidOperationException) { response.Abort(); }
    }

    private static void Give(HttpListenerRequest request, HttpListenerResponse response, Offer offer)
    {
        if (request.Headers["If-Match"] is { } wanted && wanted != offer.ETag)
        {
            response.StatusCode = 412;
            return;
        }
        var from = 0;
        if (offer.KnowsRanges && request.Headers["Range"] is { } range)
        {
            from = int.Parse(range["bytes=".Length..].Split('-')[0], CultureInfo.InvariantCulture);
            response.StatusCode = 206;
            response.Headers["Content-Range"] = $"bytes {from}-{offer.Content.Length - 1}/{offer.Content.Length}";
        }
        if (offer.ETag is { } etag) response.Headers["ETag"] = etag;
        if (offer.Modified is { } modified) response.Headers["Last-Modified"] = modified.ToString("R", CultureInfo.InvariantCulture);
        response.ContentLength64 = offer.Content.Length - from;
        if (request.HttpMethod == "HEAD") return;
        var count = (int)Math.Min(offer.Content.Length - from, (long)offer.CutAfter);
        response.OutputStream.Write(offer.Content, from, count);
        response.OutputStream.Flush();
        if (from + count < offer.Content.Length) response.Abort();
    }

    public void Dispose() => _listener.Close();
}
