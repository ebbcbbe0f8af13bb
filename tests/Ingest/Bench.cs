using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Ingest.Tests;

/// <summary>A lake, a catalog and a workspace in a folder of their own, with the real file connector.</summary>
public sealed class Bench : IDisposable
{
    private static readonly DuckFactory Duck = new(new DuckBudget { MemoryBytes = 1L << 30, SpillDirectory = Path.Combine(Path.GetTempPath(), "flowforge-ingest-tests", "spill") });
    private static readonly Lazy<DuckDatabase> Reading = new(() => DuckDatabase.Open());
    private int _runs;
    private bool _keep;

    public Bench() : this(Path.Combine(Path.GetTempPath(), "flowforge-ingest-tests", Guid.NewGuid().ToString("n")))
    {
    }

    private Bench(string root)
    {
        Root = root;
        Workspace = Path.Combine(Root, "workspace");
        Directory.CreateDirectory(Workspace);
        Lake = new LakeStore(Path.Combine(Root, "lake"));
        Catalog = CatalogDatabase.Open(Path.Combine(Root, "catalog.db"));
        Runner = NewRunner(new());
    }

    private IngestRunner NewRunner(RowTaps taps) => NewRunner(Catalog, taps);

    private IngestRunner NewRunner(CatalogDatabase catalog, RowTaps taps) =>
        new(Lake, Plugins, Duck, catalog, new IngestOptions { TemporaryFolder = Path.Combine(Root, "temporary"), AllowedRoots = [Path.Combine(RepoRoot, "AppHost", "demo")], Taps = taps, LateHashBytes = 1 });

    /// <summary>A runner of the same lake that tells another catalog.</summary>
    public IngestRunner RunnerWith(CatalogDatabase catalog) => NewRunner(catalog, new());

    /// <summary>From now on the first row that was read gets lost before it is filtered; or no longer.</summary>
    public void LoseRow(bool loses = true) => Runner = NewRunner(loses ? new() { Read = static from => $"(SELECT * FROM {from} OFFSET 1)" } : new());

    /// <summary>From now on the first row that is not left out as a twin gets lost before it is written; or no longer.</summary>
    public void LoseChosenRow(bool loses = true) => Runner = NewRunner(loses ? new() { Chosen = static select => $"SELECT * FROM ({select}) AS chosen OFFSET 1" } : new());

    /// <summary>A bench in memory where there is room for it: for thousands of small runs, most of whose time would be the disk's.</summary>
    public static Bench Quick()
    {
        const string Memory = "/dev/shm";
        var hasRoom = Directory.Exists(Memory) && new DriveInfo(Memory).AvailableFreeSpace > 512L << 20;
        return new Bench(Path.Combine(hasRoom ? Memory : Path.GetTempPath(), "flowforge-ingest-tests", Guid.NewGuid().ToString("n")));
    }

    /// <summary>A bench whose files lie in a folder that is there already.</summary>
    /// <param name="keep">The folder is somebody else's and stays.</param>
    public static Bench At(string root, bool keep = false) => new(root) { _keep = keep };

    /// <summary>The same lake as another process would find it.</summary>
    public Bench Reopened()
    {
        Catalog.Dispose();
        return new Bench(Root) { _runs = _runs + 10 };
    }

    public static readonly string RepoRoot = FindRoot();
    internal static PluginRegistry Plugins { get; } = Scan();

    /// <summary>The demo's data, fetched when the AppHost is built. Skips the test where it was not.</summary>
    public static string DemoData
    {
        get
        {
            var folder = Path.Combine(RepoRoot, "AppHost", "demo", "node_modules", "vega-datasets", "data");
            if (Directory.Exists(folder)) return folder;
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail($"{folder} is missing: build AppHost first.");
            Assert.Skip($"{folder} is missing: build AppHost first.");
            return folder;
        }
    }

    private static string Configuration => AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries)[^1];

    public string Root { get; }
    public string Workspace { get; }
    public LakeStore Lake { get; }
    public CatalogDatabase Catalog { get; }
    public IngestRunner Runner { get; private set; }
    public TestLog Log { get; } = new();
    public DateTimeOffset RunTime { get; set; } = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    /// <summary>Writes a file of the workspace.</summary>
    public string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] content)
    {
        var path = Path.Combine(Workspace, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>The only ingest job of a pipeline, from the lines below its name.</summary>
    public static IngestDefinition Job(string yaml, string name = "things")
    {
        var indented = string.Join("\n", yaml.Split('\n').Select(l => "    " + l));
        var parsed = PipelineParser.Parse($"pipeline: test\ningest:\n  {name}:\n{indented}\n", environment: new PipelineEnvironment { Formats = [.. Plugins.Formats.Select(f => f.Name)], FormatEndings = Plugins.Formats.SelectMany(f => f.Endings.Select(e => (e, f.Name))).ToDictionary(e => e.e, e => e.Name) });
        Assert.True(parsed.Definition is not null && !parsed.Diagnostics.Any(d => d.Severity == DiagnosticSeverity.Error), string.Join("\n", parsed.Diagnostics));
        return parsed.Definition!.Ingest[0];
    }

    public Task<JobOutcome> RunAsync(string yaml, CancellationToken? ct = null) => RunAsync(Job(yaml), ct: ct);

    public async Task<JobOutcome> RunAsync(IngestDefinition job, JobRequest? request = null, IProgress<JobProgress>? progress = null, CancellationToken? ct = null)
    {
        request ??= Request(job);
        return await Runner.RunAsync(job, request, progress ?? new Progress(), Log, ct ?? TestContext.Current.CancellationToken);
    }

    public JobRequest Request(IngestDefinition job)
    {
        var applicationId = $"test/ingest.{job.Name}";
        var last = Lake.Table(new TableName(Layer.Bronze, job.Table)).TransactionVersion(applicationId) ?? 0;
        return new JobRequest { RunId = $"run-{++_runs}", Pipeline = "test", PipelineVersion = 1, JobId = "ingest." + job.Name, BaseDirectory = Workspace, RunTime = RunTime, TxnVersion = last + 1 };
    }

    /// <summary>Reads open rejects of the job again.</summary>
    public Task<JobOutcome> ReplayAsync(string yaml, RejectChoice? choice = null)
    {
        var job = Job(yaml);
        return RunAsync(job, Request(job) with { Replay = choice ?? RejectChoice.All });
    }

    /// <summary>Rows of a query in which <c>{t}</c> stands for the bronze table, values as text, joined by <c>|</c>.</summary>
    public List<string> Query(string sql, string table = "things", bool withReserved = false)
    {
        var snapshot = Lake.Table(new TableName(Layer.Bronze, table)).Latest();
        Assert.NotNull(snapshot);
        return Query(sql, snapshot, withReserved);
    }

    public List<string> Rejects(string sql, string folder = "quarantine/things")
    {
        var snapshot = Lake.TableAt(folder).Latest();
        Assert.NotNull(snapshot);
        return Query(sql, snapshot, false);
    }

    public static List<string> Query(string sql, TableSnapshot snapshot, bool withReserved)
    {
        using var session = Reading.Value.Connect();
        return [.. session.Rows(sql.Replace("{t}", snapshot.ScanSql(withReserved), StringComparison.Ordinal)).Select(r => string.Join("|", r.Select(Show)))];
    }

    private static string Show(object? value) => value switch
    {
        null => "NULL",
        DateTime t => t.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", System.Globalization.CultureInfo.InvariantCulture),
        DateOnly d => d.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>Columns and types of the table, reserved ones aside: <c>a BIGINT, b VARCHAR</c>.</summary>
    public string Schema(string table = "things") =>
        string.Join(", ", Lake.Table(new TableName(Layer.Bronze, table)).Latest()!.Schema.Columns.Where(c => !c.IsReserved).Select(c => $"{c.Name} {c.DuckType}"));

    public void Dispose()
    {
        Catalog.Dispose();
        if (!_keep) Directory.Delete(Root, recursive: true);
    }

    // The plugins as they are built, and the tests' own sources beside them.
    private static PluginRegistry Scan()
    {
        var folder = Path.Combine(Path.GetTempPath(), "flowforge-ingest-tests", $"plugins-{typeof(Bench).Assembly.GetName().Name}-" + Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        var built = Path.Combine(RepoRoot, "artifacts", "plugins", Configuration);
        foreach (var (name, source) in new[] { ("file", Path.Combine(built, "file")), ("formats", Path.Combine(built, "formats")), ("test", Path.Combine(RepoRoot, "artifacts", "bin", "TestSource", Configuration)) })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
            foreach (var file in Directory.EnumerateFiles(source)) File.Copy(file, Path.Combine(folder, name, Path.GetFileName(file)), overwrite: true);
        }
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return PluginRegistry.Scan([folder], own: [typeof(Delta.DeltaConnector)]);
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "FlowForge.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    private sealed class Progress : IProgress<JobProgress>
    {
        public void Report(JobProgress value) { }
    }
}

/// <summary>Keeps the lines.</summary>
public sealed class TestLog : IJobLog
{
    private readonly List<string> _lines = [];

    public string Text
    {
        get { lock (_lines) return string.Join("\n", _lines); }
    }

    public void Write(JobLogLevel level, string message)
    {
        lock (_lines) _lines.Add($"{level}: {message}");
    }
}
