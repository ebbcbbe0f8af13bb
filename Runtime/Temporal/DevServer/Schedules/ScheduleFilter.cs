using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.DevServer.Visibility;

namespace FlowForge.Temporal.DevServer.Schedules;

/// <summary>The list filter over schedules: their search attributes, and <c>TemporalSchedulePaused</c>.</summary>
internal sealed class ScheduleFilter(Database database)
{
    // A schedule looks to the query as a run with only these columns known.
    private const string Row =
        """
        SELECT $1 AS workflow_id, $2 AS attributes_json, NULL AS run_id, NULL AS type, NULL AS task_queue, 1 AS status, NULL AS start_time,
            NULL AS execution_time, NULL AS close_time, NULL AS history_length, NULL AS history_size, NULL AS state_transitions,
            NULL AS parent_workflow_id, NULL AS parent_run_id, NULL AS root_workflow_id, NULL AS root_run_id
        """;

    public IEnumerable<ScheduleEntry> Apply(NamespaceEntry ns, string query, IEnumerable<ScheduleEntry> schedules)
    {
        if (string.IsNullOrWhiteSpace(query))
        {
            return schedules;
        }
        var parsed = QueryParser.Parse(ns, query.Replace("ScheduleId", "WorkflowId", StringComparison.Ordinal));
        // The query's parameters begin at $2; here two values come before them.
        var where = System.Text.RegularExpressions.Regex.Replace(parsed.Where, @"\$(\d+)", m => $"${int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) + 1}");
        return schedules.Where(s => Matches(s, where, parsed.Values)).ToArray();
    }

    private bool Matches(ScheduleEntry schedule, string where, IReadOnlyList<object?> values)
    {
        var attributes = new Dictionary<string, Payload>(schedule.Record.SearchAttributes?.IndexedFields ?? [], StringComparer.Ordinal)
        {
            ["TemporalSchedulePaused"] = PayloadValue.FromJson(schedule.Record.Schedule.State.Paused),
        };
        using var reader = database.Reader();
        using var rows = reader.Read($"SELECT 1 FROM ({Row}) WHERE {where}", [schedule.Id, AttributeJson.Of(schedule.Namespace, attributes), .. values]);
        return rows.Read();
    }
}
