namespace FlowForge.Pipelines;

/// <summary>The fields of a pipeline, of its schedule and of its retries.</summary>
internal static class PipelineFields
{
    public static readonly FieldSet Schedule = new("a schedule",
    [
        new("cron", FieldKind.Text, "When to run: minute hour day-of-month month day-of-week, for example 0 2 * * * for every night at two.") { Required = true, Examples = ["0 2 * * *", "*/15 * * * *", "@daily"] },
        new("timezone", FieldKind.Text, "IANA name of the time zone in which the schedule is meant.") { Default = "UTC", Examples = ["UTC", "Europe/Berlin", "America/New_York"] },
        new("start", FieldKind.Time, "No run before this moment."),
        new("end", FieldKind.Time, "No run after this moment."),
    ], MainField: "cron");

    public static readonly FieldSet Trigger = new("a trigger",
    [
        new("arrival", FieldKind.Text, "Name of an ingest job: run when something new is at its source."),
        new("stable_for", FieldKind.Duration, "For arrival: how long the source must not have changed.") { Default = "5s" },
        new("every", FieldKind.Duration, "For arrival: how often the source is listed; connectors that can watch are heard at once besides.") { Default = "30s" },
        new("after", FieldKind.Text, "Name of another pipeline: run after each of its runs."),
        new("on", FieldKind.Choice, "For after: only after success, or after any end.") { Choices = EnumText.All<AfterEnd>(), Default = "success" },
    ]);

    public static readonly FieldSet RunRetry = new("the run's retry settings",
    [
        new("attempts", FieldKind.Integer, "All tries of a run together; 1 means that a failed run stays failed.") { Default = "1", Min = 1, Max = 20 },
        new("delay", FieldKind.Duration, "Wait before the jobs that did not succeed are tried again.") { Default = "5m" },
    ]);

    public static readonly FieldSet Retry = new("the retry settings",
    [
        new("max_attempts", FieldKind.Integer, "All tries of a job together; 1 means no retry.") { Default = "3", Min = 1, Max = 100 },
        new("delay", FieldKind.Duration, "Wait before the second attempt.") { Default = "5s" },
        new("max_delay", FieldKind.Duration, "The wait never grows beyond this.") { Default = "5m" },
        new("backoff", FieldKind.Number, "Each wait is the last one times this.") { Default = "2", Min = 1, Max = 10 },
    ]);

    public static readonly FieldSet Pipeline = new("a pipeline",
    [
        new("pipeline", FieldKind.Name, "Name of the pipeline.") { Required = true },
        new("description", FieldKind.Text, "What it is for."),
        new("schedule", FieldKind.SectionOrText, "When it runs by itself. Short form: the cron expression.") { Section = Schedule },
        new("triggers", FieldKind.SectionList, "What else starts it: arrivals at a source, the end of another pipeline.") { Section = Trigger },
        new("parameters", FieldKind.TextMap, "Parameters of a run with their default values."),
        new("macros", FieldKind.TextMap, "Pieces of SQL that all datasets can call, by name and parameters: cents(x): x / 100.0, or a SELECT to be used like a table."),
        new("on_overlap", FieldKind.Choice, "What happens when a run is due while another one is open.") { Choices = EnumText.All<OverlapPolicy>(), Default = "skip" },
        new("max_parallel_jobs", FieldKind.Integer, "How many jobs of a run may run at once.") { Default = "4", Min = 1, Max = 64 },
        new("retry", FieldKind.Section, "How a job that failed for a passing reason is repeated.") { Section = Retry },
        new("run_retry", FieldKind.Section, "How a run that failed is taken up again by itself.") { Section = RunRetry },
        new("max_active_runs", FieldKind.Integer, "How many runs may be at work at once; more wait. Left out, on_overlap alone decides.") { Min = 1, Max = 1000 },
        new("pool", FieldKind.Name, "Worker pool that executes the jobs; by default the runtime itself."),
        new("ingest", FieldKind.Sections, "Ingest jobs by name. Each reads a source into a bronze table.") { Section = IngestFields.Ingest },
        new("silver", FieldKind.SectionsOrTexts, "Silver datasets by name. Short form: the SQL.") { Section = DatasetFields.Dataset },
        new("gold", FieldKind.SectionsOrTexts, "Gold datasets by name. Short form: the SQL.") { Section = DatasetFields.Dataset },
        new("notebooks", FieldKind.SectionsOrTexts, "Notebooks that are run as jobs and make no table, by name. Short form: the notebook's path.") { Section = DatasetFields.Notebook },
        new("deliveries", FieldKind.Sections, "Deliveries by name. Each writes a table of the lake into another system, after the job that makes it.") { Section = DeliveryFields.Delivery },
        new("tests", FieldKind.Tests, "Tests of datasets by name: rows are given, rows are expected. They run by flowforge test, without the lake.") { Section = DatasetFields.Test },
    ]);
}
