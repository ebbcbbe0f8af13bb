using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Lake.S3;

namespace FlowForge.Api.Hosting;

/// <summary>The runtime's settings, read once at start. Folders are absolute.</summary>
internal sealed record RuntimeSettings
{
    /// <summary><c>FlowForge:DataFolder</c>: all state.</summary>
    public required string DataFolder { get; init; }

    /// <summary><c>FlowForge:TokenFile</c>.</summary>
    public required string TokenFile { get; init; }

    /// <summary><c>Plugins:Folder</c>: holds one folder a plugin.</summary>
    public required string PluginFolder { get; init; }

    /// <summary><c>Files:Roots:n</c> and the workspace: folders that pipelines may read files from.</summary>
    public required IReadOnlyList<string> FileRoots { get; init; }

    /// <summary><c>Jobs:Parallel</c>: jobs of all runs that this process executes at once.</summary>
    public required int ParallelJobs { get; init; }

    /// <summary><c>Runs:MaxActive</c>: runs of all pipelines that may be at work at once; null for no limit.</summary>
    public int? MaxActiveRuns { get; init; }

    /// <summary><c>Worker:Pools</c>: worker pools, separated by commas. With any, this process executes their jobs and decides nothing.</summary>
    public IReadOnlyList<string> Pools { get; init; } = [];

    /// <summary><c>Jobs:MemoryBytes</c>: DuckDB's buffers of all jobs together; a job gets its share.</summary>
    public required long JobMemoryBytes { get; init; }

    /// <summary><c>Tables:MemoryBytes</c>: DuckDB's buffers for reading tables in the API, all requests together.</summary>
    public required long ReadMemoryBytes { get; init; }

    /// <summary><c>Tables:TimeoutSeconds</c>: a read that takes longer is given up.</summary>
    public required TimeSpan ReadTimeout { get; init; }

    /// <summary><c>Temporal:Embedded</c>: the address is the embedded dev server's.</summary>
    public required bool TemporalEmbedded { get; init; }

    /// <summary><c>Notebooks:Kernel</c>: the kernel program.</summary>
    public required string KernelPath { get; init; }

    /// <summary><c>Notebooks:MemoryBytes</c>: of one kernel; beyond it the kernel is ended.</summary>
    public required long KernelMemoryBytes { get; init; }

    /// <summary><c>Notebooks:Kernels</c>: at the same time.</summary>
    public required int Kernels { get; init; }

    /// <summary><c>Notebooks:IdleMinutes</c>: a kernel that nobody looks at is stopped after it.</summary>
    public required TimeSpan KernelIdleTime { get; init; }

    /// <summary><c>Notebooks:ExecutedDays</c>: how long executed copies of notebooks stay; null for ever (0 in the setting).</summary>
    public required int? ExecutedDays { get; init; }

    /// <summary><c>Retention:RunDays</c>, <c>Retention:LogDays</c> (0 in either keeps for ever) and <c>Retention:RunsPerPipeline</c>.</summary>
    public required RetentionOptions Retention { get; init; }

    /// <summary>Notebook files.</summary>
    public string NotebookFolder => Path.Combine(Workspace, "notebooks");

    /// <summary>Notebooks that runs have executed.</summary>
    public string ExecutedNotebookFolder => Path.Combine(DataFolder, "executed");

    public string CatalogFile => Path.Combine(DataFolder, "catalog", "catalog.db");

    /// <summary><c>Lake:Root</c> when it is a folder, else a folder of the data folder: the lake, or the part of a lake in a bucket that is on this machine.</summary>
    public required string LakeFolder { get; init; }

    /// <summary><c>Lake:Root=s3://bucket/prefix</c> and <c>Lake:S3:*</c>; null for a lake in a folder.</summary>
    public S3LakeOptions? LakeBucket { get; init; }

    /// <summary>Base directory of pipelines that are made in the workbench.</summary>
    public string Workspace => Path.Combine(DataFolder, "workspace");

    /// <summary><c>Connections:HealthSeconds</c>: how often connectors are asked how their connections are.</summary>
    public required TimeSpan HealthInterval { get; init; }

    /// <summary><c>Uploads:LargestBytes</c>: of one file.</summary>
    public required long LargestUploadBytes { get; init; }

    /// <summary><c>Uploads:QuotaBytes</c>: of all uploaded files together.</summary>
    public required long UploadQuotaBytes { get; init; }

    /// <summary>Files that people sent; jobs read them as <c>upload:NAME</c>.</summary>
    public string UploadFolder => Path.Combine(Workspace, "uploads");

    /// <summary>Files that are on their way.</summary>
    public string IncomingFolder => Path.Combine(DataFolder, "incoming");

    /// <summary>Plugins that people installed, one folder each.</summary>
    public string InstalledPluginFolder => Path.Combine(DataFolder, "plugins");

    /// <summary>Connections that files describe.</summary>
    public string ConnectionFolder => Path.Combine(Workspace, "connections");

    /// <summary>Keys of the stored secrets, unless the environment has them.</summary>
    public string SecretKeyFile => Path.Combine(DataFolder, "secrets.key");

    /// <summary>Where DuckDB spills; emptied at start.</summary>
    public string SpillFolder => Path.Combine(DataFolder, "spill");

    public static RuntimeSettings Read(IConfiguration settings)
    {
        var data = Path.GetFullPath(settings["FlowForge:DataFolder"] ?? ".flowforge");
        var workspace = Path.Combine(data, "workspace");
        var bucket = Bucket(settings);
        var roots = settings.GetSection("Files:Roots").GetChildren().Select(c => c.Value).OfType<string>().Where(v => v.Length > 0);
        return new RuntimeSettings
        {
            DataFolder = data,
            LakeBucket = bucket,
            LakeFolder = bucket is not null ? Path.Combine(data, LakeStore.LocalName(bucket)) : Path.GetFullPath(settings["Lake:Root"] is { Length: > 0 } root ? root : Path.Combine(data, "lake")),
            TokenFile = settings["FlowForge:TokenFile"] ?? Path.Combine(data, "token"),
            PluginFolder = settings["Plugins:Folder"] ?? BuiltPlugins(),
            FileRoots = [.. roots.Select(Path.GetFullPath).Prepend(workspace).Distinct(StringComparer.Ordinal)],
            ParallelJobs = (int)Number(settings, "Jobs:Parallel", Math.Clamp(Environment.ProcessorCount, 2, 8)),
            MaxActiveRuns = settings["Runs:MaxActive"] is { Length: > 0 } ? (int)Number(settings, "Runs:MaxActive", 0) : null,
            Pools = [.. (settings["Worker:Pools"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)],
            JobMemoryBytes = Number(settings, "Jobs:MemoryBytes", 1L << 30),
            ReadMemoryBytes = Number(settings, "Tables:MemoryBytes", 256L << 20),
            ReadTimeout = TimeSpan.FromSeconds(Number(settings, "Tables:TimeoutSeconds", 30)),
            KernelPath = settings["Notebooks:Kernel"] ?? BuiltKernel(),
            KernelMemoryBytes = Number(settings, "Notebooks:MemoryBytes", 2L << 30),
            Kernels = (int)Number(settings, "Notebooks:Kernels", 8),
            KernelIdleTime = TimeSpan.FromMinutes(Number(settings, "Notebooks:IdleMinutes", 120)),
            ExecutedDays = settings["Notebooks:ExecutedDays"] == "0" ? null : (int)Math.Min(Number(settings, "Notebooks:ExecutedDays", 365), 36_500),
            Retention = new RetentionOptions { Runs = Age(settings, "Retention:RunDays", 365), Logs = Age(settings, "Retention:LogDays", 30), KeepRunsPerPipeline = (int)Math.Min(Number(settings, "Retention:RunsPerPipeline", 20), int.MaxValue) },
            HealthInterval = TimeSpan.FromSeconds(Number(settings, "Connections:HealthSeconds", 60)),
            LargestUploadBytes = Number(settings, "Uploads:LargestBytes", 10L << 30),
            UploadQuotaBytes = Number(settings, "Uploads:QuotaBytes", 50L << 30),
            TemporalEmbedded = settings["Temporal:Embedded"] != "false"
        };
    }

    private static S3LakeOptions? Bucket(IConfiguration settings)
    {
        if (settings["Lake:Root"] is not { Length: > 0 } root || S3LakeOptions.Parse(root) is not { } bucket) return null;
        var (key, secret) = (Text("AccessKey"), Text("SecretKey"));
        if (key is null != secret is null) throw new InvalidOperationException("Of Lake:S3:AccessKey and Lake:S3:SecretKey one is given and the other is not. Give both, or neither to find credentials as Amazon's tools do.");
        return bucket with
        {
            Endpoint = Text("Endpoint") is not { } endpoint ? null : Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri
                : throw new InvalidOperationException($"The setting Lake:S3:Endpoint is '{endpoint}'; it must be an address such as https://minio.example.com:9000."),
            Region = Text("Region") ?? bucket.Region,
            PathStyle = Text("PathStyle") is not { } style ? null : bool.TryParse(style, out var isPath) ? isPath : throw new InvalidOperationException($"The setting Lake:S3:PathStyle is '{style}'; it must be true or false."),
            AccessKey = key, SecretKey = secret, SessionToken = Text("SessionToken"), CacheBytes = Number(settings, "Lake:CacheBytes", S3LakeOptions.DefaultCacheBytes),
        };

        string? Text(string name) => settings["Lake:S3:" + name] is { Length: > 0 } value ? value : null;
    }

    private static TimeSpan? Age(IConfiguration settings, string name, long otherwise) => settings[name] == "0" ? null : TimeSpan.FromDays(Math.Min(Number(settings, name, otherwise), 36_500));

    private static long Number(IConfiguration settings, string name, long otherwise)
    {
        if (settings[name] is not { Length: > 0 } text)
            return otherwise;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value
            : throw new InvalidOperationException($"The setting {name} is '{text}'; it must be a whole number above 0.");
    }

    /// <summary>The build's rule: artifacts/bin/Notebooks.Kernel/CONFIGURATION lies beside this program.</summary>
    private static string BuiltKernel()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(own.Parent?.Parent?.FullName ?? own.FullName, "Notebooks.Kernel", own.Name, "FlowForge.Notebooks.Kernel.dll");
    }

    /// <summary>The build's rule: artifacts/bin/Api/CONFIGURATION is this program, artifacts/plugins/CONFIGURATION/NAME a plugin.</summary>
    private static string BuiltPlugins()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var artifacts = own.Parent?.Parent?.Parent?.FullName ?? own.FullName;
        return Path.Combine(artifacts, "plugins", own.Name);
    }
}
