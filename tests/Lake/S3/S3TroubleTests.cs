using System.Net;
using System.Net.Sockets;
using System.Text;
using FlowForge.Lake.S3;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Lake.Tests.S3;

/// <summary>A bucket that is not there, refuses, or cannot hold a lake.</summary>
public sealed class S3TroubleTests(CephServer server)
{
    [Fact]
    public void Check_NoBucketOrWrongKey_SaysSo()
    {
        using var lake = new S3TestLake(server);
        var at = server.Endpoint.GetLeftPart(UriPartial.Authority);
        var missing = Fails(lake.Options with { Bucket = "nowhere", Prefix = "x" });
        Assert.Equal(("FF2701", false, $"There is no bucket nowhere, which the lake s3://nowhere/x at {at} needs. Make it, or correct Lake:Root, Lake:S3:Region or Lake:S3:Endpoint."), missing);
        var wrong = Fails(lake.Options with { SecretKey = "not it" });
        Assert.Equal(("FF2702", false, $"The lake {lake.Options} at {at} refuses the credentials: SignatureDoesNotMatch. Check Lake:S3:AccessKey and Lake:S3:SecretKey, and that they may list, get, put and delete objects there."), wrong);
        Assert.DoesNotContain("not it", wrong.Message);
        Assert.DoesNotContain(lake.Keys(), k => k.Contains("_flowforge_check", StringComparison.Ordinal));

        (string Code, bool IsTransient, string Message) Fails(S3LakeOptions options)
        {
            var e = Assert.Throws<LakeStorageException>(() => lake.Store("a", options).Check());
            return (e.Code, e.IsTransient, e.Message);
        }
    }

    [Fact]
    public void Check_NobodyThere_IsTransient()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var store = new LakeStore(Path.Combine(Path.GetTempPath(), "flowforge-lake-tests", "nobody"), Options(new Uri($"http://127.0.0.1:{port}/")));
        var e = Assert.Throws<LakeStorageException>(store.Check);
        Assert.Equal(("FF2704", true), (e.Code, e.IsTransient));
        Assert.StartsWith($"The lake s3://bucket/lake at http://127.0.0.1:{port} cannot be reached: Connection refused", e.Message);
    }

    [Fact]
    public async Task Check_ServiceIgnoresTheCondition_IsRefused()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource();
        var serving = ServeAsync(listener, stop.Token);
        var store = new LakeStore(Path.Combine(Path.GetTempPath(), "flowforge-lake-tests", "nobody"), Options(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/")));
        var e = await Task.Run(() => Assert.Throws<LakeStorageException>(store.Check), TestContext.Current.CancellationToken);
        Assert.Equal("FF2703", e.Code);
        Assert.Equal("The service of the lake s3://bucket/lake overwrote an object although the put said If-None-Match: *. A lake needs conditional puts and reads that see what was put: Amazon S3, Ceph, MinIO and others have them. Use another service, or a folder (Lake:Root unset).", e.Message);
        await stop.CancelAsync();
        await serving;
    }

    private static S3LakeOptions Options(Uri endpoint) => new() { Bucket = "bucket", Prefix = "lake", Endpoint = endpoint, AccessKey = "a", SecretKey = "b" };

    // Takes every put, as a service does that does not know the condition.
    private static async Task ServeAsync(TcpListener listener, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop);
                _ = Task.Run(() => AnswerAsync(client), stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1, false, 1024, leaveOpen: true);
            while (await reader.ReadLineAsync() is { Length: > 0 } first)
            {
                var length = 0;
                while (await reader.ReadLineAsync() is { Length: > 0 } header)
                    if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) length = int.Parse(header[15..], System.Globalization.CultureInfo.InvariantCulture);
                for (var i = 0; i < length; i++) reader.Read();
                var body = first.StartsWith("GET", StringComparison.Ordinal) ? "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>false</IsTruncated></ListBucketResult>" : "";
                await stream.WriteAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            }
        }
    }
}
