using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Benchmarks;

/// <summary>A large file of an S3 service and of an SFTP server, read by our connectors and by the clients that everybody has.</summary>
internal sealed class TransferBenchmark : IBenchmark
{
    public string Name => "transfer";
    public string About => "one large file by the s3 and sftp connectors (MB/s), thrown away and landed, against curl and a loop of ranged requests, and OpenSSH's sftp";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var bytes = (isShort ? 16L : long.TryParse(Environment.GetEnvironmentVariable("FLOWFORGE_MB"), CultureInfo.InvariantCulture, out var wanted) ? wanted : 384L) << 20;
        var rounds = isShort ? 1 : 5;
        var asked = Environment.GetEnvironmentVariable("FLOWFORGE_CONNECTORS")?.Split(',');
        var content = new byte[bytes];
        new Random(1).NextBytes(content);
        using var place = new TransferPlace();
        if (asked?.Contains("s3") != false)
            foreach (var ratio in OfS3(place, content, rounds)) yield return ratio;
        if (asked?.Contains("sftp") != false)
            foreach (var ratio in OfSftp(place, content, rounds)) yield return ratio;
    }

    private static IEnumerable<Ratio> OfS3(TransferPlace place, byte[] content, int rounds)
    {
        if (!CephServer.IsInstalled)
        {
            Console.WriteLine("  Ceph's gateway is not installed (apt-get install radosgw ceph-mon ceph-osd)");
            yield break;
        }
        using var server = new CephServer();
        using var client = server.Ready().Client();
        client.PutBucketAsync("transfer").GetAwaiter().GetResult();
        using (var upload = new TransferUtility(client)) upload.Upload(new TransferUtilityUploadRequest { BucketName = "transfer", Key = "large.csv", InputStream = new MemoryStream(content), PartSize = 16 << 20 });
        var settings = new JsonObject { ["endpoint"] = server.Endpoint.AbsoluteUri, ["bucket"] = "transfer", ["access_key"] = CephServer.AccessKey, ["secret_key"] = CephServer.SecretKey, ["path"] = new JsonArray("large.csv") };
        var address = client.GetPreSignedURL(new GetPreSignedUrlRequest { BucketName = "transfer", Key = "large.csv", Expires = DateTime.UtcNow.AddHours(2), Protocol = Amazon.S3.Protocol.HTTP });
        using var http = new HttpClient();
        (string, Action<string>)[] peers = [("curl", to => Run("curl", ["-sS", "-f", "-o", to, address])), ("4 ranges at once by HttpClient", _ => RangesAsync(http, address, content.LongLength).GetAwaiter().GetResult())];
        foreach (var ratio in Measure(place, "s3", settings, content.LongLength, rounds, peers)) yield return ratio;
    }

    private static IEnumerable<Ratio> OfSftp(TransferPlace place, byte[] content, int rounds)
    {
        if (!SshServer.IsInstalled)
        {
            Console.WriteLine("  OpenSSH's server is not installed (apt-get install openssh-server)");
            yield break;
        }
        using var server = new SshServer();
        server.Ready();
        var file = Path.Combine(server.Folder, "large.csv");
        File.WriteAllBytes(file, content);
        var settings = new JsonObject { ["host"] = "127.0.0.1", ["port"] = server.Port, ["user"] = server.User, ["private_key"] = server.Key, ["host_key"] = new JsonArray(server.HostKey), ["path"] = new JsonArray(file) };
        string[] options = ["-F", "/dev/null", "-q", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-i", Path.Combine(server.Folder, "user"), "-P", server.Port.ToString(CultureInfo.InvariantCulture)];
        (string, Action<string>)[] peers = [("sftp", to => Run("sftp", [.. options, $"{server.User}@127.0.0.1:{file}", to]))];
        foreach (var ratio in Measure(place, "sftp", settings, content.LongLength, rounds, peers)) yield return ratio;
    }

    private static IEnumerable<Ratio> Measure(TransferPlace place, string connector, JsonObject settings, long bytes, int rounds, (string Name, Action<string> To)[] peers)
    {
        foreach (var (peer, to) in peers)
        {
            var (rate, theirs) = Stopclock.Best(bytes, rounds, () => place.Read(connector, settings, bytes), () => to("/dev/null"));
            yield return new Ratio($"{connector}, thrown away; {peer}", rate, theirs, "MB/s", 0.7);
        }
        // A landed file is hashed on the way and safe on the disk at the end.
        var (landed, saved) = Stopclock.Best(bytes, rounds, () => place.Land(connector, settings), () => place.Save(peers[0].To));
        yield return new Ratio($"{connector}, landed; {peers[0].Name} to a file that is flushed", landed, saved, "MB/s", 0.7);
        var before = Environment.CpuUsage.TotalTime;
        place.Read(connector, settings, bytes);
        var between = Environment.CpuUsage.TotalTime;
        place.Land(connector, settings);
        yield return new Ratio($"{connector}: processor time thrown away (ours), landed", (between - before).TotalSeconds * 1e9 / bytes, (Environment.CpuUsage.TotalTime - between).TotalSeconds * 1e9 / bytes, "ms/MB");
    }

    private static async Task RangesAsync(HttpClient http, string address, long bytes)
    {
        const int part = 8 << 20;
        await Parallel.ForEachAsync(Enumerable.Range(0, (int)((bytes + part - 1) / part)), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, ct) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Range = new((long)i * part, Math.Min(bytes, (i + 1L) * part) - 1);
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            await answer.EnsureSuccessStatusCode().Content.CopyToAsync(Stream.Null, ct);
        });
    }

    private static void Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment.Remove("SSH_AUTH_SOCK");
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors}");
    }
}
