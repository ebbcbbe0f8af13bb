using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Amazon.S3.Model;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Benchmarks;

/// <summary>Folders and buckets with very many small files: what it takes to list them, and of local ones to load them once and to see that nothing is new.</summary>
internal sealed class ListingBenchmark : IBenchmark
{
    public string Name => "listing";
    public string About => "many small files of a folder, a tree, an SFTP server and a bucket: seconds for listing them, and for runs that load them and that find nothing new; memory beside the goal of 1 GiB";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var files = isShort ? 200 : int.TryParse(Environment.GetEnvironmentVariable("FLOWFORGE_FILES"), CultureInfo.InvariantCulture, out var wanted) ? wanted : 100_000;
        var asked = Environment.GetEnvironmentVariable("FLOWFORGE_CONNECTORS")?.Split(',');
        using var place = new TransferPlace();
        if (asked?.Contains("file") != false)
        {
            foreach (var ratio in Measure(place, "file, one folder", "file", files, new JsonObject { ["path"] = new JsonArray(Path.Combine(Folder(place, "flat", files, i => $"part-{i:D6}.json"), "part-*.json")) }, null)) yield return ratio;
            foreach (var ratio in Measure(place, "file, a tree of one name", "file", files, new JsonObject { ["path"] = new JsonArray(Path.Combine(Folder(place, "tree", files, i => $"{i / 1000}/{i % 1000}/part.json"), "**/*.json")) }, null)) yield return ratio;
        }
        if (asked?.Contains("sftp") != false && SshServer.IsInstalled)
        {
            using var server = new SshServer();
            server.Ready();
            var folder = Folder(place, Path.Combine(server.Folder, "drop"), files / 10, i => $"part-{i:D6}.json");
            var settings = new JsonObject { ["host"] = "127.0.0.1", ["port"] = server.Port, ["user"] = server.User, ["private_key"] = server.Key, ["host_key"] = new JsonArray(server.HostKey), ["path"] = new JsonArray(Path.Combine(folder, "part-*.json")) };
            foreach (var ratio in Measure(place, "sftp", "sftp", files / 10, settings, null)) yield return ratio;
        }
        if (asked?.Contains("s3") != false && CephServer.IsInstalled)
        {
            using var server = new CephServer();
            using var client = server.Ready().Client();
            client.PutBucketAsync("many").GetAwaiter().GetResult();
            Parallel.ForEachAsync(Enumerable.Range(0, files), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, ct) =>
                await client.PutObjectAsync(new PutObjectRequest { BucketName = "many", Key = Key(i), ContentBody = Content(i) }, ct)).GetAwaiter().GetResult();
            var settings = new JsonObject { ["endpoint"] = server.Endpoint.AbsoluteUri, ["bucket"] = "many", ["access_key"] = CephServer.AccessKey, ["secret_key"] = CephServer.SecretKey, ["path"] = new JsonArray("in/*.json") };
            foreach (var ratio in Measure(place, "s3", "s3", files, settings, () =>
            {
                string? next = null;
                do next = client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "many", Prefix = "in/", ContinuationToken = next }).GetAwaiter().GetResult().NextContinuationToken;
                while (next is not null);
            })) yield return ratio;
        }
    }

    private static IEnumerable<Ratio> Measure(TransferPlace place, string what, string connector, int files, JsonObject settings, Action? peer)
    {
        var canReset = PeakMemory.TryReset();
        var (clock, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        Ratio Told(string step, Action? bare = null)
        {
            var (seconds, cpu) = (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {what}: {step}: processor {cpu:N1} s"));
            var their = bare is null ? 0 : Stopclock.Seconds(bare);
            (clock, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            return new Ratio($"{what}, {files:N0} files: {step}", seconds, their, "s");
        }
        if (place.List(connector, settings) != files) throw new InvalidOperationException($"{what}: not all files were listed.");
        yield return Told("listed (the bare client)", peer);
        if (connector == "s3")
        {
            settings["listing"] = "after_last";
            if (place.List(connector, settings, [.. Enumerable.Range(0, files).Select(Key)]) != 1000) throw new InvalidOperationException($"{what}: not the last keys alone were listed.");
            yield return Told("listed, listing: after_last");
        }
        if (connector == "file")
        {
            // What every run does with a list, wherever it is from. The files are read in place: a copy of each would measure the disk's flushes.
            var lake = place.NewLake();
            place.Load(lake, connector, settings, files);
            yield return Told("loaded");
            place.Load(lake, connector, settings, 0);
            yield return Told("a run that finds nothing new");
            Directory.Delete(lake, recursive: true);
        }
        if (canReset) yield return new Ratio($"{what}: peak memory", PeakMemory.Get(), 1024, "MiB", LessIsBetter: true);
    }

    private static string Folder(TransferPlace place, string name, int files, Func<int, string> nameOf)
    {
        var folder = Path.Combine(place.Root, name);
        for (var i = 0; i < files; i++)
        {
            var path = Path.Combine(folder, nameOf(i));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, Content(i));
        }
        return folder;
    }

    private static string Key(int i) => $"in/{i:D6}.json";

    private static string Content(int i) => $"{{\"id\":{i},\"note\":\"file {i}\"}}\n";
}
