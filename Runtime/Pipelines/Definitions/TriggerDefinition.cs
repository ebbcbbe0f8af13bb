namespace FlowForge.Pipelines;

/// <summary>When a pipeline runs by itself beside its schedule.</summary>
public abstract record TriggerDefinition
{
    /// <summary>Names it within the pipeline: <c>arrival:orders</c>, <c>after:shop</c>. What is remembered of it goes by this.</summary>
    public abstract string Key { get; }

    /// <summary>1-based line in the file.</summary>
    public int Line { get; init; }
}

/// <summary>Runs when something new arrives at the source of one of the pipeline's ingest jobs.</summary>
/// <param name="Job">Name of the ingest job.</param>
/// <param name="StableFor">The source must not have changed for this long: files that are still written are waited for. In a source that is never quiet, a file that has held still for this long is enough after ten times as long.</param>
/// <param name="Every">How often the source is listed; a connector that can watch is heard at once besides.</param>
public sealed record ArrivalTrigger(string Job, TimeSpan StableFor, TimeSpan Every) : TriggerDefinition
{
    public override string Key => "arrival:" + Job;
}

/// <summary>Which ends of a run count.</summary>
public enum AfterEnd { Success, Any }

/// <summary>Runs after each run of another pipeline. Runs of a backfill do not count.</summary>
/// <param name="Pipeline">The other pipeline.</param>
/// <param name="On">Only after success, or after every end.</param>
public sealed record AfterTrigger(string Pipeline, AfterEnd On) : TriggerDefinition
{
    public override string Key => "after:" + Pipeline;
}
