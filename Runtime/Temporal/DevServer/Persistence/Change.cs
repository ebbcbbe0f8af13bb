namespace FlowForge.Temporal.DevServer.Persistence;

/// <summary>One row to write or delete. Immutable, so that it may wait for the writer's thread.</summary>
internal abstract record Change
{
    public abstract void Write(SqliteStatements sql);
}

internal sealed record EventsAppended(long Key, long FirstEventId, byte[] Events) : Change
{
    public override void Write(SqliteStatements sql) =>
        sql.Run("INSERT INTO events(execution_key, first_event_id, events) VALUES($1, $2, $3)", Key, FirstEventId, Events);
}

internal sealed record ExecutionSaved(ExecutionRow Row) : Change
{
    public override void Write(SqliteStatements sql) => sql.Run(
        """
        INSERT INTO executions(key, namespace_id, workflow_id, run_id, first_run_id, type, task_queue, status, start_time, execution_time,
            close_time, history_length, history_size, state_transitions, parent_workflow_id, parent_run_id, parent_namespace_id,
            root_workflow_id, root_run_id, memo, search_attributes, attributes_json, state, has_task)
        VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
        ON CONFLICT(key) DO UPDATE SET task_queue = excluded.task_queue, status = excluded.status, execution_time = excluded.execution_time,
            close_time = excluded.close_time, history_length = excluded.history_length, history_size = excluded.history_size,
            state_transitions = excluded.state_transitions, memo = excluded.memo, search_attributes = excluded.search_attributes,
            attributes_json = excluded.attributes_json, state = excluded.state, has_task = excluded.has_task
        """,
        Row.Key, Row.NamespaceId, Row.WorkflowId, Row.RunId, Row.FirstRunId, Row.Type, Row.TaskQueue, Row.Status, Row.StartTime, Row.ExecutionTime,
        Row.CloseTime, Row.HistoryLength, Row.HistorySize, Row.StateTransitions, Row.ParentWorkflowId, Row.ParentRunId, Row.ParentNamespaceId,
        Row.RootWorkflowId, Row.RootRunId, Row.Memo, Row.SearchAttributes, Row.AttributesJson, Row.State, Row.HasTask);
}

internal sealed record ExecutionDeleted(long Key) : Change
{
    public override void Write(SqliteStatements sql)
    {
        sql.Run("DELETE FROM events WHERE execution_key = $1", Key);
        sql.Run("DELETE FROM activities WHERE execution_key = $1", Key);
        sql.Run("DELETE FROM executions WHERE key = $1", Key);
    }
}

internal sealed record ActivitySaved(long Key, long ScheduledEventId, byte[] State) : Change
{
    public override void Write(SqliteStatements sql) => sql.Run(
        "INSERT INTO activities(execution_key, scheduled_event_id, state) VALUES($1, $2, $3) ON CONFLICT DO UPDATE SET state = excluded.state",
        Key, ScheduledEventId, State);
}

internal sealed record ActivityDeleted(long Key, long ScheduledEventId) : Change
{
    public override void Write(SqliteStatements sql) =>
        sql.Run("DELETE FROM activities WHERE execution_key = $1 AND scheduled_event_id = $2", Key, ScheduledEventId);
}

/// <summary>A named record of a small kind: namespaces, schedules, batch operations.</summary>
internal sealed record RecordSaved(string Kind, string NamespaceId, string Id, byte[] State) : Change
{
    public override void Write(SqliteStatements sql) => sql.Run(
        "INSERT INTO records(kind, namespace_id, id, state) VALUES($1, $2, $3, $4) ON CONFLICT DO UPDATE SET state = excluded.state",
        Kind, NamespaceId, Id, State);
}

internal sealed record RecordDeleted(string Kind, string NamespaceId, string Id) : Change
{
    public override void Write(SqliteStatements sql) =>
        sql.Run("DELETE FROM records WHERE kind = $1 AND namespace_id = $2 AND id = $3", Kind, NamespaceId, Id);
}

/// <summary>The columns of <c>executions</c>. Times are UTC ticks; memo, attributes and state are protobuf.</summary>
internal sealed record ExecutionRow
{
    public required long Key { get; init; }
    public required string NamespaceId { get; init; }
    public required string WorkflowId { get; init; }
    public required string RunId { get; init; }
    public required string FirstRunId { get; init; }
    public required string Type { get; init; }
    public required string TaskQueue { get; init; }
    public required int Status { get; init; }
    public required long StartTime { get; init; }
    public required long ExecutionTime { get; init; }
    public long? CloseTime { get; init; }
    public required long HistoryLength { get; init; }
    public required long HistorySize { get; init; }
    public required long StateTransitions { get; init; }
    public string? ParentWorkflowId { get; init; }
    public string? ParentRunId { get; init; }
    public string? ParentNamespaceId { get; init; }
    public string? RootWorkflowId { get; init; }
    public string? RootRunId { get; init; }
    public byte[]? Memo { get; init; }
    public byte[]? SearchAttributes { get; init; }
    public string? AttributesJson { get; init; }
    public required byte[] State { get; init; }

    /// <summary>1 while the execution is open or otherwise needs to be in memory after a restart.</summary>
    public required int HasTask { get; init; }
}
