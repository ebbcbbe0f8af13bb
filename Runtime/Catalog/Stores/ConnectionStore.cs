using System.Text.Json.Nodes;
using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>Connections that were made in the workbench or by the API, and what is known of all connections. No secrets are in it, only references. Thread-safe.</summary>
public sealed class ConnectionStore(CatalogDatabase database)
{
    /// <summary>By name.</summary>
    public IReadOnlyList<ConnectionRecord> List() => database.Read(s => s.Rows("SELECT * FROM connections ORDER BY name", Map));

    public ConnectionRecord? Get(string name) => database.Read(s => s.First("SELECT * FROM connections WHERE name = @name", Map, ("name", name)));

    /// <summary>Makes it, or puts it in the place of the one of that name. The last test is forgotten when something changed that it was about.</summary>
    public ConnectionRecord Put(ConnectionDefinition connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var settings = connection.Settings.ToJsonString();
        return database.Write(s =>
        {
            var before = s.First("SELECT * FROM connections WHERE name = @name", Map, ("name", connection.Name));
            if (before is null || before.Definition.Connector != connection.Connector || before.Definition.Settings.ToJsonString() != settings)
                Forget(s, connection.Name);
            s.Execute(
                """
                INSERT INTO connections (name, connector, description, settings, rate_limit, isolation, created_at, updated_at)
                VALUES (@name, @connector, @description, @settings, @limit, @isolation, @at, @at)
                ON CONFLICT (name) DO UPDATE SET connector = excluded.connector, description = excluded.description, settings = excluded.settings,
                  rate_limit = excluded.rate_limit, isolation = excluded.isolation, updated_at = excluded.updated_at
                """,
                ("name", connection.Name), ("connector", connection.Connector), ("description", connection.Description), ("settings", settings),
                ("limit", connection.RateLimit?.ToString()), ("isolation", connection.Isolation.ToText()), ("at", CatalogTime.Write(DateTimeOffset.UtcNow)));
            return s.First("SELECT * FROM connections WHERE name = @name", Map, ("name", connection.Name))!;
        });
    }

    /// <returns>False when there was none.</returns>
    public bool Delete(string name) => database.Write(s =>
    {
        Forget(s, name);
        return s.Execute("DELETE FROM connections WHERE name = @name", ("name", name)) > 0;
    });

    public void Record(ConnectionTest test) => database.WriteQuick(s => s.Execute(
        """
        INSERT INTO connection_tests (name, passed, message, suggestion, tested_at, milliseconds) VALUES (@name, @passed, @message, @suggestion, @at, @took)
        ON CONFLICT (name) DO UPDATE SET passed = excluded.passed, message = excluded.message, suggestion = excluded.suggestion,
          tested_at = excluded.tested_at, milliseconds = excluded.milliseconds
        """,
        ("name", test.Name), ("passed", test.Passed ? 1 : 0), ("message", test.Message), ("suggestion", test.Suggestion),
        ("at", CatalogTime.Write(test.TestedAt)), ("took", (long)test.Took.TotalMilliseconds)));

    /// <summary>The last test of each connection that was tested, by name.</summary>
    public IReadOnlyDictionary<string, ConnectionTest> Tests() => database.Read(s => s.Rows(
        "SELECT * FROM connection_tests",
        r => new ConnectionTest(r.Text("name"), r.Flag("passed"), r.Text("message"), r.TextOrNull("suggestion"), r.Time("tested_at"), TimeSpan.FromMilliseconds(r.Long("milliseconds"))))
        .ToDictionary(t => t.Name));

    /// <summary>Puts the facts of a connection in the place of those known before.</summary>
    public void Record(string name, IReadOnlyList<ConnectionFact> facts) => database.WriteQuick(s =>
    {
        s.Execute("DELETE FROM connection_health WHERE name = @name", ("name", name));
        foreach (var fact in facts)
            s.Execute("INSERT OR REPLACE INTO connection_health (name, fact, value, unit, recorded_at) VALUES (@name, @fact, @value, @unit, @at)",
                ("name", name), ("fact", fact.Fact), ("value", fact.Value), ("unit", fact.Unit), ("at", CatalogTime.Write(fact.RecordedAt)));
        return 0;
    });

    public IReadOnlyList<ConnectionFact> Facts(string name) => database.Read(s => s.Rows(
        "SELECT * FROM connection_health WHERE name = @name ORDER BY fact",
        r => new ConnectionFact(r.Text("name"), r.Text("fact"), r.RealOrNull("value") ?? 0, r.Text("unit"), r.Time("recorded_at")), ("name", name)));

    /// <summary>The newest run of a job that began; null when it never ran.</summary>
    public LastSync? LastSync(string pipeline, string jobId) => database.Read(s => s.First(
        """
        SELECT r.pipeline, j.job_id, j.run_id, j.state, j.finished_at, j.rows_loaded, j.error_code, j.error_message, j.error_suggestion
        FROM runs r JOIN job_runs j ON j.run_id = r.run_id AND j.job_id = @job
        WHERE r.pipeline = @pipeline AND j.started_at IS NOT NULL ORDER BY r.queued_at DESC, r.run_id DESC LIMIT 1
        """,
        r => new LastSync(r.Text("pipeline"), r.Text("job_id"), r.Text("run_id"), r.Enum<RunState>("state"), r.TimeOrNull("finished_at"), r.Long("rows_loaded"), r.Error()),
        ("pipeline", pipeline), ("job", jobId)));

    private static void Forget(SqlSession s, string name)
    {
        s.Execute("DELETE FROM connection_tests WHERE name = @name", ("name", name));
        s.Execute("DELETE FROM connection_health WHERE name = @name", ("name", name));
    }

    private static ConnectionRecord Map(SqlRow row) => new(
        new ConnectionDefinition
        {
            Name = row.Text("name"), Connector = row.Text("connector"), Description = row.TextOrNull("description"),
            Settings = JsonNode.Parse(row.Text("settings"))!.AsObject(), RateLimit = RateLimit.TryParse(row.TextOrNull("rate_limit"), out var limit) ? limit : null,
            Isolation = row.Enum<Isolation>("isolation"),
        },
        row.Time("created_at"), row.Time("updated_at"));
}
