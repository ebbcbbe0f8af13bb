using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FlowForge.Temporal.DevServer.Persistence;

/// <summary>The schema as a list of steps; <c>PRAGMA user_version</c> says how many a file has had.</summary>
internal static class Migrations
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE executions(
            key INTEGER PRIMARY KEY,
            namespace_id TEXT NOT NULL, workflow_id TEXT NOT NULL, run_id TEXT NOT NULL UNIQUE, first_run_id TEXT NOT NULL,
            type TEXT NOT NULL, task_queue TEXT NOT NULL, status INTEGER NOT NULL,
            start_time INTEGER NOT NULL, execution_time INTEGER NOT NULL, close_time INTEGER,
            history_length INTEGER NOT NULL, history_size INTEGER NOT NULL, state_transitions INTEGER NOT NULL,
            parent_workflow_id TEXT, parent_run_id TEXT, parent_namespace_id TEXT, root_workflow_id TEXT, root_run_id TEXT,
            memo BLOB, search_attributes BLOB, attributes_json TEXT, state BLOB NOT NULL, has_task INTEGER NOT NULL) STRICT;
        CREATE INDEX executions_by_id ON executions(namespace_id, workflow_id, key);
        CREATE INDEX executions_by_start ON executions(namespace_id, start_time DESC, key DESC);
        CREATE INDEX executions_by_status ON executions(namespace_id, status, start_time DESC);
        CREATE INDEX executions_by_parent ON executions(parent_run_id) WHERE parent_run_id IS NOT NULL;
        CREATE INDEX executions_open ON executions(key) WHERE has_task = 1;
        CREATE INDEX executions_closed ON executions(close_time) WHERE close_time IS NOT NULL;
        CREATE TABLE events(
            execution_key INTEGER NOT NULL, first_event_id INTEGER NOT NULL, events BLOB NOT NULL,
            PRIMARY KEY(execution_key, first_event_id)) STRICT, WITHOUT ROWID;
        CREATE TABLE activities(
            execution_key INTEGER NOT NULL, scheduled_event_id INTEGER NOT NULL, state BLOB NOT NULL,
            PRIMARY KEY(execution_key, scheduled_event_id)) STRICT, WITHOUT ROWID;
        CREATE TABLE records(
            kind TEXT NOT NULL, namespace_id TEXT NOT NULL, id TEXT NOT NULL, state BLOB NOT NULL,
            PRIMARY KEY(kind, namespace_id, id)) STRICT, WITHOUT ROWID;
        """,
    ];

    public static int Current => Steps.Length;

    public static void Apply(SqliteConnection connection, string path)
    {
        var version = Version(connection);
        if (version > Steps.Length)
        {
            throw new DatabaseException(
                $"The database {path} has schema version {version}; this server knows {Steps.Length}. Start the newer server, or name another file.");
        }
        for (; version < Steps.Length; version++)
        {
            using var transaction = connection.BeginTransaction(deferred: false);
            Database.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"{Steps[version]}; PRAGMA user_version = {version + 1}"));
            transaction.Commit();
        }
    }

    private static int Version(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
