using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlowForge.Tests;

namespace FlowForge.AppHost.Tests;

/// <summary><c>flowforge upload</c> where answers are lost or say no: against a runtime's stand-in that answers as a test says.</summary>
public sealed class CliUploadTests : IDisposable
{
    private const string Id = "0a1b2c", Started = "2026-01-02T03:04:05+00:00";
    private readonly HttpListener _listener = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("ff-cli-upload-").FullName;
    private readonly Uri _address = new($"http://127.0.0.1:{FreePort.Take()}/");
    private readonly List<string> _asked = [];
    private string _area = "";

    public void Dispose()
    {
        _listener.Close();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task LastAnswerIsLost_TheFileThatArrivedIsFound()
    {
        _area = """{"name":"other.csv","path":"upload:other.csv","size":5,"modifiedAt":"2026-01-02T03:04:06+00:00"},{"name":"a.csv","path":"upload:a.csv","size":5,"modifiedAt":"2026-01-02T03:04:06+00:00"}""";
        Assert.Equal((0, $"upload:a.csv (5 bytes, SHA-256 {Convert.ToHexStringLower(SHA256.HashData("id\n1\n"u8))})", ""), await SendAsync(_ => null));
        Assert.Equal("POST uploads, PATCH uploads/0a1b2c, GET uploads/0a1b2c, GET uploads", string.Join(", ", _asked));
    }

    /// <summary>What lay there before, or is another one, is not the file that was sent.</summary>
    [Fact]
    public async Task LastAnswerIsLost_AnotherFileIsNotTakenForIt()
    {
        _area = """{"name":"a.csv","path":"upload:a.csv","size":5,"modifiedAt":"2026-01-02T03:04:04+00:00"},{"name":"a.csv","path":"upload:a.csv","size":6,"modifiedAt":"2026-01-02T03:04:06+00:00"}""";
        Assert.Equal((1, "", "error: There is no unfinished upload 0a1b2c.\n  Start it anew."), await SendAsync(_ => null));
    }

    [Theory]
    [InlineData(409, "FF4143", "There is a file a.csv already; it came while this one was sent.")]
    [InlineData(507, "FF4144", "The disk is full.")]
    public async Task RefusalThatNoSecondTryMends_IsToldAtOnce(int status, string code, string message)
    {
        Assert.Equal((1, "", $"error: {message}\n  Start it anew."), await SendAsync(_ => (status, Problem(code, message))));
        Assert.Equal("POST uploads, PATCH uploads/0a1b2c", string.Join(", ", _asked));
    }

    [Fact]
    public async Task PieceOutOfStep_IsSentAgainFromWhereTheFileEnds()
    {
        var (code, output, _) = await SendAsync(n => n == 1 ? (409, Problem("FF4146", "The file ends at 2.")) : (200, State(5, done: true)), ends: 2);
        Assert.Equal((0, "upload:a.csv (5 bytes, SHA-256 ab)"), (code, output));
        Assert.Equal("POST uploads, PATCH uploads/0a1b2c, GET uploads/0a1b2c, PATCH uploads/0a1b2c@2", string.Join(", ", _asked));
    }

    private static string Problem(string code, string detail) => JsonSerializer.Serialize(new { title = "No", detail, code, suggestion = "Start it anew." });

    private static string State(int offset, bool done = false) =>
        $$"""{"id":"{{Id}}","name":"a.csv","size":5,"offset":{{offset}},"startedAt":"{{Started}}","done":{{(done ? "true" : "false")}},"path":{{(done ? "\"upload:a.csv\"" : "null")}},"sha256":"ab"}""";

    /// <param name="piece">The answer to the piece of that number; null: the connection breaks.</param>
    /// <param name="ends">Where the upload ends when it is asked for; 0: it is not known.</param>
    private async Task<(int Code, string Output, string Errors)> SendAsync(Func<int, (int, string)?> piece, int ends = 0)
    {
        var file = Path.Combine(_folder, "a.csv");
        await File.WriteAllTextAsync(file, "id\n1\n", TestContext.Current.CancellationToken);
        _listener.Prefixes.Add(_address.AbsoluteUri);
        _listener.Start();
        var pieces = 0;
        _ = Task.Run(async () =>
        {
            while (true)
            {
                HttpListenerContext context;
                try { context = await _listener.GetContextAsync(); }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException) { return; }
                var path = context.Request.Url!.AbsolutePath.Replace("/api/v1/", "", StringComparison.Ordinal);
                await context.Request.InputStream.CopyToAsync(Stream.Null);
                var at = context.Request.Headers["Upload-Offset"] is { } offset and not "0" ? $"@{offset}" : "";
                lock (_asked) _asked.Add($"{context.Request.HttpMethod} {path}{at}");
                (int Status, string Body)? answer = context.Request.HttpMethod switch
                {
                    "POST" => (200, State(0)),
                    "PATCH" => piece(++pieces),
                    _ when path != "uploads" => ends == 0 ? (404, Problem("FF4145", $"There is no unfinished upload {Id}.")) : (200, State(ends)),
                    _ => (200, $$"""{"files":[{{_area}}],"unfinished":[],"bytes":5,"quotaBytes":10,"largestBytes":10}"""),
                };
                if (answer is not { } told)
                {
                    // The connection ends inside of the answer.
                    context.Response.ContentLength64 = 100;
                    context.Response.Abort();
                    continue;
                }
                (context.Response.StatusCode, context.Response.ContentType) = (told.Status, told.Status < 400 ? "application/json" : "application/problem+json");
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(told.Body));
                context.Response.Close();
            }
        });
        var token = Path.Combine(_folder, "token");
        await File.WriteAllTextAsync(token, "token", TestContext.Current.CancellationToken);
        var answer = await CliTests.CliAsync(_folder, "upload", file, "--url", _address.AbsoluteUri, "--token-file", token);
        return (answer.Code, answer.Output, string.Join('\n', answer.Errors.Split('\n').Take(2)));
    }
}
