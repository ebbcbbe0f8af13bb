namespace FlowForge.Catalog;

/// <summary>What a run and the runtime's process were like at a moment.</summary>
/// <param name="Rows">So far, of all jobs.</param>
/// <param name="Bytes">So far.</param>
/// <param name="Cpu">Cores at work since the sample before.</param>
/// <param name="Memory">Bytes that the process held.</param>
public readonly record struct RunSample(DateTimeOffset At, long Rows, long Bytes, double Cpu, long Memory);

public sealed partial class RunStore
{
    /// <summary>Adds a sample. One that a power loss takes back is no loss.</summary>
    public void AddSample(string runId, RunSample sample) => _database.WriteQuick(s => s.Execute(
        "INSERT INTO run_samples (run_id, taken_at, rows, bytes, cpu, memory) VALUES (@run, @at, @rows, @bytes, @cpu, @memory) ON CONFLICT DO NOTHING",
        ("run", runId), ("at", CatalogTime.Write(sample.At)), ("rows", sample.Rows), ("bytes", sample.Bytes), ("cpu", sample.Cpu), ("memory", sample.Memory)));

    /// <summary>Leaves every second sample, when there are more than so many.</summary>
    /// <returns>True when some went.</returns>
    public bool ThinSamples(string runId, int most) => SampleCount(runId) > most && _database.WriteQuick(s => s.Execute(
        "DELETE FROM run_samples WHERE run_id = @run AND taken_at IN (SELECT taken_at FROM (SELECT taken_at, row_number() OVER (ORDER BY taken_at) AS n FROM run_samples WHERE run_id = @run) WHERE n % 2 = 0)",
        ("run", runId))) > 0;

    /// <summary>How many there are of a run.</summary>
    public int SampleCount(string runId) => _database.Read(s => (int)s.Number("SELECT count(*) FROM run_samples WHERE run_id = @run", ("run", runId)));

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<RunSample> Samples(string runId) => _database.Read(s => s.Rows(
        "SELECT taken_at, rows, bytes, cpu, memory FROM run_samples WHERE run_id = @run ORDER BY taken_at",
        row => new RunSample(row.Time("taken_at"), row.Long("rows"), row.Long("bytes"), row.RealOrNull("cpu") ?? 0, row.Long("memory")), ("run", runId)));

    /// <summary>Rows and bytes of a run so far, of all of its jobs.</summary>
    public (long Rows, long Bytes) Progress(string runId) => _database.Read(s => s.First(
        "SELECT coalesce(sum(CASE kind WHEN 'ingest' THEN rows_read ELSE rows_loaded END), 0) AS rows, coalesce(sum(bytes), 0) AS bytes FROM job_runs WHERE run_id = @run",
        row => Tuple.Create(row.Long("rows"), row.Long("bytes")), ("run", runId)) is { } t ? (t.Item1, t.Item2) : (0, 0));
}
