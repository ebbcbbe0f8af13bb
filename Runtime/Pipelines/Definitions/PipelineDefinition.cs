namespace FlowForge.Pipelines;

/// <summary>A pipeline as its file says it, with every default filled in. Immutable; made by <c>PipelineParser</c>.</summary>
public sealed record PipelineDefinition
{
    /// <summary>Letters, digits, <c>_</c> and <c>-</c>, starting with a letter; lower case.</summary>
    public required string Name { get; init; }

    public string? Description { get; init; }

    /// <summary>Null when the pipeline only runs by hand, by API or by another trigger.</summary>
    public ScheduleDefinition? Schedule { get; init; }

    /// <summary>What starts it beside the schedule, in the order of the file.</summary>
    public IReadOnlyList<TriggerDefinition> Triggers { get; init; } = [];

    /// <summary>How a run that failed is taken up again by itself.</summary>
    public RunRetryDefinition RunRetry { get; init; } = new();

    /// <summary>How many runs may be at work at once; null when <see cref="OnOverlap"/> alone decides.</summary>
    public int? MaxActiveRuns { get; init; }

    /// <summary>Worker pool of the jobs that name none; null for the runtime itself.</summary>
    public string? Pool { get; init; }

    /// <summary>Parameters of a run with their default values as text; a run may override them, never add names.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Tests of the datasets, in the order of the file.</summary>
    public IReadOnlyList<DatasetTestDefinition> Tests { get; init; } = [];

    /// <summary>Pieces of SQL that the datasets can call; each dataset has them too.</summary>
    public IReadOnlyList<MacroDefinition> Macros { get; init; } = [];

    public OverlapPolicy OnOverlap { get; init; } = OverlapPolicy.Skip;

    /// <summary>How many jobs of one run may run at once, at least 1.</summary>
    public int MaxParallelJobs { get; init; } = 4;

    /// <summary>How an attempt of a job that failed for a passing reason is repeated.</summary>
    public RetryDefinition Retry { get; init; } = new();

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<IngestDefinition> Ingest { get; init; } = [];

    /// <summary>Silver datasets before gold ones, each in the order of the file.</summary>
    public IReadOnlyList<DatasetDefinition> Datasets { get; init; } = [];

    /// <summary>Jobs that run a notebook and make no table, in the order of the file.</summary>
    public IReadOnlyList<NotebookJobDefinition> Notebooks { get; init; } = [];

    /// <summary>Tables that are written into other systems, in the order of the file.</summary>
    public IReadOnlyList<DeliveryDefinition> Deliveries { get; init; } = [];

    /// <summary>
    /// The same definition with every <c>sql_file</c> replaced by its text. <paramref name="read"/> gets the path as written; what
    /// it throws passes through, and where it gives null the planner says that the file is missing. Datasets with <c>sql</c> stay as they are.
    /// </summary>
    public PipelineDefinition WithSql(Func<string, string?> read) => this with
    {
        Datasets = [.. Datasets.Select(d => d.SqlFile is { } file && d.Sql is null ? d with { Sql = read(file) } : d)],
    };

    /// <summary>The same definition with what each notebook's file says. <paramref name="read"/> gets the use with the path of its section; what it throws passes through, null leaves it unread.</summary>
    public PipelineDefinition WithNotebooks(Func<NotebookUse, string, int, NotebookSource?> read) => this with
    {
        Datasets = [.. Datasets.Select(d => d.Notebook is { } use ? d with { Notebook = use with { Source = read(use, d.Table, d.Line) } } : d)],
        Notebooks = [.. Notebooks.Select(n => n with { Notebook = n.Notebook with { Source = read(n.Notebook, $"notebooks.{n.Name}", n.Line) } })],
    };
}

/// <summary>When a pipeline runs by itself.</summary>
public sealed record ScheduleDefinition
{
    /// <summary>Five fields: minute, hour, day of month, month, day of week.</summary>
    public required string Cron { get; init; }

    /// <summary>IANA name of the zone in which <see cref="Cron"/> is meant.</summary>
    public string Timezone { get; init; } = "UTC";

    /// <summary>No run before this moment.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>No run after this moment.</summary>
    public DateTimeOffset? End { get; init; }
}

/// <summary>Retries of a whole run: the jobs that did not succeed are tried again.</summary>
public sealed record RunRetryDefinition
{
    /// <summary>All tries together, the first one too; 1 means no retry.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>Wait before each further one.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>Retries of a job after a passing (transient) failure.</summary>
public sealed record RetryDefinition
{
    /// <summary>All tries together, the first one too; 1 means no retry.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Wait before the second attempt.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The wait never grows beyond this.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Each wait is the last one times this; 1 or more.</summary>
    public double Backoff { get; init; } = 2;
}
