using System.Globalization;
using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using Microsoft.Data.Sqlite;

namespace FlowForge.Temporal.DevServer.Visibility;

/// <summary>Lists and counts runs from the database. Thread-safe; sees what has been committed.</summary>
internal sealed class VisibilityStore(Database database)
{
    private const string Columns =
        """
        key, workflow_id, run_id, first_run_id, type, task_queue, status, start_time, execution_time, close_time, history_length, history_size,
        state_transitions, parent_workflow_id, parent_run_id, parent_namespace_id, root_workflow_id, root_run_id, memo, search_attributes
        """;

    public (IReadOnlyList<WorkflowExecutionInfo> Page, ByteString Next) List(NamespaceEntry ns, string query, int size, ByteString pageToken)
    {
        var parsed = QueryParser.Parse(ns, query);
        if (parsed.GroupBy is not null)
        {
            throw QueryTokens.Invalid("'group by' clause is only supported in count");
        }
        var token = Token(pageToken);
        var values = new List<object?> { ns.Id };
        values.AddRange(parsed.Values);
        var where = parsed.Where;
        var tail = "ORDER BY start_time DESC, key DESC";
        if (parsed.OrderBy is { } order)
        {
            tail = $"ORDER BY {order}, key DESC";
            values.Add(token?.SortValue ?? 0L);
            tail += string.Create(CultureInfo.InvariantCulture, $" LIMIT {size + 1} OFFSET ${values.Count}");
        }
        else
        {
            if (token is not null)
            {
                values.Add(token.SortValue);
                values.Add(token.Key);
                where += $" AND (start_time, key) < (${values.Count - 1}, ${values.Count})";
            }
            tail += string.Create(CultureInfo.InvariantCulture, $" LIMIT {size + 1}");
        }
        var page = new List<(long Key, long Start, WorkflowExecutionInfo Info)>();
        using (var reader = database.Reader())
        using (var rows = reader.Read($"SELECT {Columns} FROM executions WHERE namespace_id = $1 AND {where} {tail}", [.. values]))
        {
            while (rows.Read())
            {
                page.Add((rows.GetInt64(0), rows.GetInt64(7), Read(rows)));
            }
        }
        if (page.Count <= size)
        {
            return ([.. page.Select(p => p.Info)], ByteString.Empty);
        }
        var last = page[size - 1];
        var next = parsed.OrderBy is null
            ? new ListToken { SortValue = last.Start, Key = last.Key }
            : new ListToken { SortValue = (token?.SortValue ?? 0) + size, Key = -1 };
        return ([.. page.Take(size).Select(p => p.Info)], next.ToByteString());
    }

    public CountWorkflowExecutionsResponse Count(NamespaceEntry ns, string query)
    {
        var parsed = QueryParser.Parse(ns, query);
        object?[] values = [ns.Id, .. parsed.Values];
        var response = new CountWorkflowExecutionsResponse();
        using var reader = database.Reader();
        if (parsed.GroupBy is not { } group)
        {
            using var count = reader.Read($"SELECT count(*) FROM executions WHERE namespace_id = $1 AND {parsed.Where}", values);
            count.Read();
            response.Count = count.GetInt64(0);
            return response;
        }
        var key = new QueryFields(ns).GroupKey(group);
        using var rows = reader.Read($"SELECT {key}, count(*) FROM executions WHERE namespace_id = $1 AND {parsed.Where} GROUP BY 1 ORDER BY 2 DESC", values);
        while (rows.Read())
        {
            var value = group == "ExecutionStatus" ? ((WorkflowExecutionStatus)rows.GetInt64(0)).ToString() : rows.IsDBNull(0) ? "" : rows.GetString(0);
            response.Groups.Add(new CountWorkflowExecutionsResponse.Types.AggregationGroup
            {
                GroupValues = { PayloadValue.FromText(value, nameof(IndexedValueType.Keyword)) },
                Count = rows.GetInt64(1),
            });
            response.Count += rows.GetInt64(1);
        }
        return response;
    }

    /// <summary>The runs that a query means, by key, for batch operations.</summary>
    public IReadOnlyList<long> Keys(NamespaceEntry ns, string query)
    {
        var parsed = QueryParser.Parse(ns, query);
        var keys = new List<long>();
        using var reader = database.Reader();
        using var rows = reader.Read($"SELECT key FROM executions WHERE namespace_id = $1 AND {parsed.Where} ORDER BY key", [ns.Id, .. parsed.Values]);
        while (rows.Read())
        {
            keys.Add(rows.GetInt64(0));
        }
        return keys;
    }

    private static WorkflowExecutionInfo Read(SqliteDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        Timestamp Time(int column) => Times.Stamp(new DateTime(row.GetInt64(column), DateTimeKind.Utc));
        var info = new WorkflowExecutionInfo
        {
            Execution = new WorkflowExecution { WorkflowId = row.GetString(1), RunId = row.GetString(2) },
            FirstRunId = row.GetString(3),
            Type = new WorkflowType { Name = row.GetString(4) },
            TaskQueue = row.GetString(5),
            Status = (WorkflowExecutionStatus)row.GetInt32(6),
            StartTime = Time(7),
            ExecutionTime = Time(8),
            CloseTime = row.IsDBNull(9) ? null : Time(9),
            ExecutionDuration = row.IsDBNull(9) ? null : Duration.FromTimeSpan(TimeSpan.FromTicks(Math.Max(0, row.GetInt64(9) - row.GetInt64(8)))),
            HistoryLength = row.GetInt64(10),
            HistorySizeBytes = row.GetInt64(11),
            StateTransitionCount = row.GetInt64(12),
            ParentNamespaceId = Text(15) ?? "",
            RootExecution = new WorkflowExecution { WorkflowId = Text(16) ?? row.GetString(1), RunId = Text(17) ?? row.GetString(2) },
            Memo = row.IsDBNull(18) ? new Memo() : Memo.Parser.ParseFrom((byte[])row[18]),
            SearchAttributes = row.IsDBNull(19) ? new SearchAttributes() : SearchAttributes.Parser.ParseFrom((byte[])row[19]),
        };
        if (Text(13) is { } parent)
        {
            info.ParentExecution = new WorkflowExecution { WorkflowId = parent, RunId = Text(14) ?? "" };
        }
        return info;
    }

    private static ListToken? Token(ByteString bytes)
    {
        try
        {
            return bytes.IsEmpty ? null : ListToken.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new GrpcException(GrpcCode.InvalidArgument, "Invalid NextPageToken.");
        }
    }
}
