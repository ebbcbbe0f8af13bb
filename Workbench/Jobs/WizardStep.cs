namespace FlowForge.Workbench.Jobs;

/// <summary>A step of the wizard, and the fields that a person meets there.</summary>
internal sealed record WizardStep(string Key, string Title, Func<string, bool> Has)
{
    private static readonly HashSet<string> Basics = ["table", "is_reference"], Source = ["source_type", "connection"],
        Reading = ["format", "tables", "table_prefix", "config.path", "config.query", "config.table_name", "config.url"];

    /// <summary>In order. A path is a field of the job (<c>error_handling</c>), of its settings (<c>config.path</c>), or one of the pipeline after a dot (<c>.schedule.cron</c>).</summary>
    public static readonly IReadOnlyList<WizardStep> All =
    [
        new("basics", "Basics", p => Is(Basics, p) || p is "" or ".pipeline" or ".description"),
        new("source", "Source", p => Is(Source, p)),
        new("read", "What to read", p => Is(Reading, p)),
        new("process", "Processing", p => !p.StartsWith('.') && p.Length > 0 && !Is(Basics, p) && !Is(Source, p) && !Is(Reading, p)),
        new("starts", "When it runs", p => p.StartsWith(".schedule", StringComparison.Ordinal) || p.StartsWith(".triggers", StringComparison.Ordinal)),
        new("review", "Review", _ => false),
    ];

    private static bool Is(HashSet<string> fields, string path) => fields.Any(f => path == f || path.StartsWith(f + ".", StringComparison.Ordinal) || path.StartsWith(f + "[", StringComparison.Ordinal));
}
