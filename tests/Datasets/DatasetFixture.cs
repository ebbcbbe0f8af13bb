using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Tests;

/// <summary>A lake, a catalog and a runner in a folder of their own.</summary>
public sealed class DatasetFixture : IDisposable, IProgress<JobProgress>, IJobLog
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "flowforge-dataset-tests", Guid.NewGuid().ToString("n"));
    private readonly DuckDatabase database;
    private readonly TaskCompletionSource firstProgress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int run;

    public DatasetFixture() : this(null) { }

    internal DatasetFixture(FlowForge.PluginHost.PluginRegistry? plugins)
    {
        Lake = new LakeStore(Path.Combine(folder, "lake"));
        Catalog = CatalogDatabase.Open(Path.Combine(folder, "catalog.db"));
        NewRunner = taps => new DatasetRunner(Lake, Catalog, new DatasetOptions { MemoryLimitBytes = 512L << 20, Threads = 2, SpillFolder = Path.Combine(folder, "spill"), Taps = taps }, plugins);
        Runner = NewRunner(new());
        database = DuckDatabase.Open(new DuckOptions { Threads = 2 });
        Session = database.Connect();
    }

    public LakeStore Lake { get; }

    public CatalogDatabase Catalog { get; }

    public DatasetRunner Runner { get; private set; }

    private Func<DatasetTaps, DatasetRunner> NewRunner { get; }

    /// <summary>From now on a row gets lost at a step: <c>made</c>, <c>checked</c> or <c>merged</c>; null: none any longer.</summary>
    public void LoseRow(string? step)
    {
        Func<string, string> lose = static select => $"SELECT * FROM ({select}) AS rows_left OFFSET 1";
        Runner = NewRunner(step switch { "made" => new() { Made = lose }, "checked" => new() { Checked = lose }, "merged" => new() { Merged = lose }, _ => new() });
    }

    /// <summary>From now on this happens in each build whose checks take rows out, before it commits; null: nothing any longer.</summary>
    public void Meanwhile(Action? happens) => Runner = NewRunner(happens is null ? new() : new() { Checked = select => { happens(); return select; } });

    public DuckSession Session { get; }

    public List<JobProgress> Progress { get; } = [];

    public List<string> Log { get; } = [];

    public LakeTable Table(string name) => Lake.Table(TableName.Parse(name));

    public long Put(string table, string sql, CommitMode mode = CommitMode.Overwrite)
    {
        using var transaction = Table(table).Begin();
        transaction.Write(Session, sql, new WriteOptions { Mode = mode });
        return transaction.Commit(new CommitOptions { Mode = mode }).Version;
    }

    public JobRequest Request(string job = "silver.t", long txn = 0, IReadOnlyDictionary<string, long>? inputs = null) => new()
    {
        RunId = "run" + (txn == 0 ? ++run : txn),
        Pipeline = "p",
        PipelineVersion = 1,
        JobId = job,
        BaseDirectory = folder,
        RunTime = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        TxnVersion = txn == 0 ? run : txn,
        InputVersions = inputs ?? new Dictionary<string, long>(),
    };

    public JobOutcome Run(DatasetDefinition dataset, JobRequest? request = null) =>
        Runner.RunAsync(dataset, request ?? Request(dataset.Table), this, this, TestContext.Current.CancellationToken).GetAwaiter().GetResult();

    public static DatasetDefinition Dataset(string sql, DatasetMode mode = DatasetMode.Full, params CheckDefinition[] checks) =>
        new() { Layer = "silver", Name = "t", Sql = sql, Mode = mode, Checks = checks };

    /// <summary>The newest rows as text, one a line, ordered.</summary>
    public string Rows(string table, string select = "*", long? version = null)
    {
        var snapshot = version is { } v ? Table(table).At(v)! : Table(table).Latest()!;
        return string.Join("\n", Session.Rows($"SELECT {select} FROM {snapshot.ScanSql()} ORDER BY ALL")
            .Select(r => string.Join("|", r.Select(value => value is null ? "∅" : Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)))));
    }

    /// <summary>Done when a job has told how far it is.</summary>
    public Task FirstProgress => firstProgress.Task;

    public void Report(JobProgress value)
    {
        firstProgress.TrySetResult();
        lock (Progress) Progress.Add(value);
    }

    public void Write(JobLogLevel level, string message)
    {
        lock (Log) Log.Add($"{level}: {message}");
    }

    public int SpillFolders() => Directory.Exists(Path.Combine(folder, "spill")) ? Directory.GetFileSystemEntries(Path.Combine(folder, "spill")).Length : 0;

    public void Dispose()
    {
        Session.Dispose();
        database.Dispose();
        Catalog.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
