using Amazon.S3;
using Amazon.S3.Model;
using FlowForge.Duck;
using FlowForge.Lake.S3;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(CephServer))]

namespace FlowForge.Lake.Tests.S3;

/// <summary>A lake under a prefix of its own in a bucket of a real service, seen from as many machines as a test asks for; all of it goes with the test.</summary>
public sealed class S3TestLake : IDisposable
{
    public const string Bucket = "lakes";
    private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-lake-tests", Guid.NewGuid().ToString("n"));
    private readonly DuckDatabase _database;

    public S3TestLake(CephServer server)
    {
        server.Ready();
        Options = new S3LakeOptions
        {
            Bucket = Bucket, Prefix = "of tests/" + Guid.NewGuid().ToString("n"), Endpoint = server.Endpoint, AccessKey = CephServer.AccessKey, SecretKey = CephServer.SecretKey, CacheBytes = 1L << 30,
        };
        Client = server.Client();
        Client.PutBucketAsync(Bucket).GetAwaiter().GetResult();
        Directory.CreateDirectory(_root);
        _database = DuckDatabase.Open(new DuckOptions { Threads = 2, TempDirectory = Path.Combine(_root, "spill") });
        Session = _database.Connect();
    }

    public S3LakeOptions Options { get; }

    public AmazonS3Client Client { get; }

    public DuckSession Session { get; }

    public DuckSession Connect() => _database.Connect();

    public string Folder(string machine) => Path.Combine(_root, machine);

    /// <summary>What a process of that machine sees, which remembers nothing.</summary>
    public LakeStore Store(string machine = "a", S3LakeOptions? options = null) => new(Folder(machine), options ?? Options);

    public LakeTable Table(string machine = "a", string name = "bronze.t") => Store(machine).Table(TableName.Parse(name));

    public CommitResult Append(LakeTable table, string sql, WriteOptions? write = null)
    {
        using var transaction = table.Begin();
        transaction.Write(Session, sql, write);
        return transaction.Commit(new CommitOptions());
    }

    public string Rows(TableSnapshot snapshot, string select = "*", string rest = "") =>
        string.Join("\n", Session.Rows($"SELECT {select} FROM {snapshot.ScanSql()} {rest}").Select(r => string.Join("|", r.Select(v => Convert.ToString(v, System.Globalization.CultureInfo.InvariantCulture)))));

    /// <summary>Keys below the lake, without its prefix.</summary>
    public List<string> Keys()
    {
        var keys = new List<string>();
        var request = new ListObjectsV2Request { BucketName = Bucket, Prefix = Options.Prefix + "/" };
        do
        {
            var page = Client.ListObjectsV2Async(request).GetAwaiter().GetResult();
            keys.AddRange((page.S3Objects ?? []).Select(o => o.Key[(Options.Prefix.Length + 1)..]));
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (request.ContinuationToken is not null);
        return keys;
    }

    /// <summary>Holds the objects of every table, brought here with nothing of FlowForge.Lake, against the protocol.</summary>
    public void Validate(bool filesOfOldVersions = true)
    {
        var mirror = Path.Combine(_root, "mirror");
        foreach (var key in Keys())
        {
            var file = Path.Combine(mirror, key);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using var answer = Client.GetObjectAsync(Bucket, $"{Options.Prefix}/{key}").GetAwaiter().GetResult();
            using var target = File.Create(file);
            answer.ResponseStream.CopyTo(target);
        }
        foreach (var log in Directory.GetDirectories(mirror, "_delta_log", SearchOption.AllDirectories))
            new LogValidator(Path.GetDirectoryName(log)!, Session).Run(filesOfOldVersions);
        Directory.Delete(mirror, recursive: true);
    }

    public void Dispose()
    {
        Client.Dispose();
        Session.Dispose();
        _database.Dispose();
        Directory.Delete(_root, recursive: true);
    }
}
