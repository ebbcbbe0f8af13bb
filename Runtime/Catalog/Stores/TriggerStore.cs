using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>What triggers have seen and decided. Thread-safe. Decisions are on disk before they are carried out, so none is lost or carried out twice.</summary>
public sealed class TriggerStore
{
    private readonly CatalogDatabase _database;

    internal TriggerStore(CatalogDatabase database) => _database = database;

    /// <summary>Null before its first <see cref="Begin"/>.</summary>
    public TriggerState? Get(string pipeline, string key) => _database.Read(s => s.First(
        "SELECT * FROM triggers WHERE pipeline = @pipeline AND trigger_key = @key", Map, ("pipeline", pipeline), ("key", key)));

    public IReadOnlyList<TriggerState> Of(string pipeline) => _database.Read(s => s.Rows("SELECT * FROM triggers WHERE pipeline = @pipeline", Map, ("pipeline", pipeline)));

    /// <summary>The newest run end's number; 0 when no run has ended.</summary>
    public long LastEnd() => _database.Read(s => s.Number("SELECT coalesce(max(end_id), 0) FROM run_ends"));

    /// <summary>The first end of a pipeline's runs after a position; null when there is none.</summary>
    public RunEnd? NextEnd(string pipeline, long after) => _database.Read(s => s.First(
        "SELECT * FROM run_ends WHERE pipeline = @pipeline AND end_id > @after ORDER BY end_id LIMIT 1",
        r => new RunEnd(r.Long("end_id"), r.Text("run_id"), r.Text("pipeline"), r.Enum<RunState>("state"), r.Time("ended_at")), ("pipeline", pipeline), ("after", after)));

    /// <summary>Makes a trigger known; what is there counts as seen. Does nothing when it is known already.</summary>
    public void Begin(string pipeline, string key, long position, IReadOnlyDictionary<string, string> seen) => _database.Write(s =>
    {
        var isNew = s.Execute(
            "INSERT INTO triggers (pipeline, trigger_key, position) VALUES (@pipeline, @key, @position) ON CONFLICT DO NOTHING", ("pipeline", pipeline), ("key", key), ("position", position)) > 0;
        if (isNew) foreach (var (path, stamp) in seen) Put(s, pipeline, key, path, stamp);
        return isNew;
    });

    /// <summary>Takes away what is remembered of triggers that the pipeline no longer has: one that comes back begins anew.</summary>
    public void Keep(string pipeline, IReadOnlyCollection<string> keys)
    {
        foreach (var gone in Of(pipeline).Select(t => t.Key).Except(keys, StringComparer.Ordinal).ToArray())
        {
            _database.Write(s => s.Execute("DELETE FROM triggers WHERE pipeline = @pipeline AND trigger_key = @key", ("pipeline", pipeline), ("key", gone))
                + s.Execute("DELETE FROM trigger_seen WHERE pipeline = @pipeline AND trigger_key = @key", ("pipeline", pipeline), ("key", gone)));
        }
    }

    /// <summary>Path to stamp of all that the trigger has seen at the source.</summary>
    public IReadOnlyDictionary<string, string> Seen(string pipeline, string key) => _database.Read(s => s.Rows(
        "SELECT path, stamp FROM trigger_seen WHERE pipeline = @pipeline AND trigger_key = @key", r => (Path: r.Text("path"), Stamp: r.Text("stamp")),
        ("pipeline", pipeline), ("key", key)).ToDictionary(r => r.Path, r => r.Stamp, StringComparer.Ordinal));

    /// <summary>Decides on a run: in one transaction what led to it is seen, and the run is pending.</summary>
    /// <param name="arrived">New or changed, with stamps.</param>
    /// <param name="gone">No longer there; if it comes again it is new.</param>
    /// <param name="position">The last end of another pipeline's runs that the run is about.</param>
    public void Decide(string pipeline, string key, string runId, string note, IReadOnlyDictionary<string, string> arrived, IReadOnlyCollection<string> gone, long? position = null) => _database.Write(s =>
    {
        foreach (var (path, stamp) in arrived) Put(s, pipeline, key, path, stamp);
        foreach (var path in gone)
            s.Execute("DELETE FROM trigger_seen WHERE pipeline = @pipeline AND trigger_key = @key AND path = @path", ("pipeline", pipeline), ("key", key), ("path", path));
        return s.Execute("UPDATE triggers SET pending_run = @run, pending_note = @note, pending_position = @position WHERE pipeline = @pipeline AND trigger_key = @key",
            ("run", runId), ("note", note), ("position", position), ("pipeline", pipeline), ("key", key));
    });

    /// <summary>The decision was carried out, or nothing was to be done: the position moves on, nothing is pending.</summary>
    /// <param name="runId">The run that started; null when none did.</param>
    public void Done(string pipeline, string key, long position, string? runId, string? problem, DateTimeOffset at) => _database.Write(s => s.Execute(
        """
        UPDATE triggers SET position = max(position, @position), pending_run = NULL, pending_note = NULL, pending_position = NULL, problem = @problem, checked_at = @at,
          last_run = coalesce(@run, last_run), fired_at = CASE WHEN @run IS NULL THEN fired_at ELSE @at END
        WHERE pipeline = @pipeline AND trigger_key = @key
        """,
        ("position", position), ("run", runId), ("problem", problem), ("at", CatalogTime.Write(at)), ("pipeline", pipeline), ("key", key)), new CatalogChange(CatalogChangeKind.Pipeline, pipeline));

    /// <summary>Notes when the source was looked at, and what is wrong with that.</summary>
    public void Checked(string pipeline, string key, string? problem, DateTimeOffset at) => _database.WriteQuick(s => s.Execute(
        "UPDATE triggers SET problem = @problem, checked_at = @at WHERE pipeline = @pipeline AND trigger_key = @key",
        ("problem", problem), ("at", CatalogTime.Write(at)), ("pipeline", pipeline), ("key", key)));

    internal static void Ended(SqlSession s, string runId, string state, long at) => s.Execute(
        "INSERT INTO run_ends (run_id, pipeline, state, ended_at) SELECT run_id, pipeline, @state, @at FROM runs WHERE run_id = @run AND backfill_id IS NULL",
        ("run", runId), ("state", state), ("at", at));

    private static void Put(SqlSession s, string pipeline, string key, string path, string stamp) => s.Execute(
        "INSERT INTO trigger_seen (pipeline, trigger_key, path, stamp) VALUES (@pipeline, @key, @path, @stamp) ON CONFLICT DO UPDATE SET stamp = excluded.stamp",
        ("pipeline", pipeline), ("key", key), ("path", path), ("stamp", stamp));

    private static TriggerState Map(SqlRow row) => new(
        row.Text("pipeline"), row.Text("trigger_key"), row.Long("position"), row.TextOrNull("pending_run"), row.TextOrNull("pending_note"), row.TextOrNull("last_run"),
        row.TimeOrNull("fired_at"), row.TimeOrNull("checked_at"), row.TextOrNull("problem"), row.LongOrNull("pending_position"));
}
