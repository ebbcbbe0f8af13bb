using System.Globalization;
using FlowForge.Temporal.DevServer.Namespaces;

namespace FlowForge.Temporal.DevServer.Visibility;

/// <summary>The search attributes of a namespace as parts of SQL: columns for the system's, a JSON document for custom ones.</summary>
internal sealed class QueryFields(NamespaceEntry ns)
{
    private static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["WorkflowId"] = "workflow_id",
        ["RunId"] = "run_id",
        ["WorkflowType"] = "type",
        ["TaskQueue"] = "task_queue",
        ["ExecutionStatus"] = "status",
        ["StartTime"] = "start_time",
        ["ExecutionTime"] = "execution_time",
        ["CloseTime"] = "close_time",
        ["ExecutionDuration"] = "((close_time - execution_time) * 100)",
        ["HistoryLength"] = "history_length",
        ["HistorySizeBytes"] = "history_size",
        ["StateTransitionCount"] = "state_transitions",
        ["ParentWorkflowId"] = "parent_workflow_id",
        ["ParentRunId"] = "parent_run_id",
        ["RootWorkflowId"] = "root_workflow_id",
        ["RootRunId"] = "root_run_id",
    };

    public QueryField Find(string name)
    {
        if (ns.AttributeType(name) is not { } type)
        {
            throw QueryTokens.Invalid($"column name '{name}' is not a valid search attribute");
        }
        return Columns.TryGetValue(name, out var column) ? new ColumnField(name, type, column) : new CustomField(name, type);
    }

    public string Sortable(string name)
    {
        var field = Find(name);
        return field.Type is IndexedValueType.Text or IndexedValueType.KeywordList
            ? throw QueryTokens.Invalid($"unable to sort by search attribute '{name}' of type {field.Type}")
            : field.SortKey;
    }

    public void RequireGroupable(string name)
    {
        if (Find(name) is not { Type: IndexedValueType.Keyword })
        {
            throw QueryTokens.Invalid($"'group by' clause is only supported for keyword search attributes such as ExecutionStatus, not {name}");
        }
    }

    /// <summary>The text of a value as SQL sees it in results of GROUP BY.</summary>
    public string GroupKey(string name) => Find(name).SortKey;
}

/// <summary>One search attribute in a query. <c>add</c> takes a parameter and gives its name.</summary>
internal abstract class QueryField(string name, IndexedValueType type)
{
    public string Name => name;

    public IndexedValueType Type => type;

    public abstract string SortKey { get; }

    public abstract string Compare(string op, object? value, Func<object?, string> add);

    public abstract string In(IReadOnlyList<object?> values, bool negated, Func<object?, string> add);

    public abstract string Between(object? low, object? high, bool negated, Func<object?, string> add);

    public abstract string StartsWith(string prefix, bool negated, Func<object?, string> add);

    public abstract string IsNull(bool negated);

    /// <summary>A literal in the form that is stored for this attribute.</summary>
    public object? Value(QueryToken literal)
    {
        GrpcException Wrong(string wanted) => QueryTokens.Invalid($"value '{literal.Value}' of search attribute {name} is not {wanted}");
        if (literal.Is("null"))
        {
            throw QueryTokens.Invalid($"use IS NULL to look for a missing {name}");
        }
        switch (type)
        {
            case IndexedValueType.Int when name == "ExecutionDuration":
                return Durations.Nanoseconds(literal.Value) ?? throw Wrong("a duration in nanoseconds, as 1h30m or as hh:mm:ss");
            case IndexedValueType.Int:
                return long.TryParse(literal.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var i) ? i : throw Wrong("an integer");
            case IndexedValueType.Double:
                return double.TryParse(literal.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) ? d : throw Wrong("a number");
            case IndexedValueType.Bool:
                return bool.TryParse(literal.Value, out var b) ? b ? 1L : 0L : throw Wrong("a boolean");
            case IndexedValueType.Datetime:
                return Time(literal) is { } time ? Stored(time) : throw Wrong("a time");
            default:
                if (name == "ExecutionStatus")
                {
                    return Enum.TryParse<WorkflowExecutionStatus>(literal.Value, ignoreCase: true, out var status) && Enum.IsDefined(status)
                        ? (long)status
                        : throw Wrong("a workflow execution status");
                }
                return literal.Kind == TokenKind.Text ? literal.Value : throw QueryTokens.Invalid($"value {literal.Value} of search attribute {name} must be in quotes");
        }
    }

    protected abstract object Stored(DateTime time);

    private static DateTime? Time(QueryToken literal)
    {
        if (literal.Kind == TokenKind.Number && long.TryParse(literal.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var nanoseconds))
        {
            return DateTime.UnixEpoch.AddTicks(nanoseconds / 100);
        }
        return DateTimeOffset.TryParse(literal.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.UtcDateTime : null;
    }

    protected static string Prefix(string prefix) =>
        prefix.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
}

internal sealed class ColumnField(string name, IndexedValueType type, string column) : QueryField(name, type)
{
    public override string SortKey => column;

    public override string Compare(string op, object? value, Func<object?, string> add) => $"{column} {op} {add(value)}";

    public override string In(IReadOnlyList<object?> values, bool negated, Func<object?, string> add) =>
        $"{column} {(negated ? "NOT " : "")}IN ({string.Join(", ", values.Select(add))})";

    public override string Between(object? low, object? high, bool negated, Func<object?, string> add) =>
        $"{column} {(negated ? "NOT " : "")}BETWEEN {add(low)} AND {add(high)}";

    public override string StartsWith(string prefix, bool negated, Func<object?, string> add) =>
        $"{column} {(negated ? "NOT " : "")}LIKE {add(Prefix(prefix))} ESCAPE '\\'";

    public override string IsNull(bool negated) => $"{column} IS {(negated ? "NOT " : "")}NULL";

    protected override object Stored(DateTime time) => time.Ticks;
}

/// <summary>A custom attribute: one value or a list, both looked at element by element.</summary>
internal sealed class CustomField(string name, IndexedValueType type) : QueryField(name, type)
{
    private string Path => "'$.\"" + Name.Replace("'", "''", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal) + "\"'";

    public override string SortKey => $"json_extract(attributes_json, {Path})";

    public override string Compare(string op, object? value, Func<object?, string> add)
    {
        if (Type == IndexedValueType.Text && op is "=" or "!=")
        {
            // Text is matched by words, in any order.
            var words = (value as string ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var all = string.Join(" AND ", words.Select(w => Any($"lower(j.value) LIKE {add("%" + Prefix(w.ToLowerInvariant()))} ESCAPE '\\'")));
            return op == "=" ? $"({all})" : $"NOT ({all})";
        }
        return op == "!=" ? $"({IsNull(negated: true)} AND NOT {Any($"j.value = {add(value)}")})" : Any($"j.value {op} {add(value)}");
    }

    public override string In(IReadOnlyList<object?> values, bool negated, Func<object?, string> add)
    {
        var any = Any($"j.value IN ({string.Join(", ", values.Select(add))})");
        return negated ? $"({IsNull(negated: true)} AND NOT {any})" : any;
    }

    public override string Between(object? low, object? high, bool negated, Func<object?, string> add) =>
        Any($"j.value {(negated ? "NOT " : "")}BETWEEN {add(low)} AND {add(high)}");

    public override string StartsWith(string prefix, bool negated, Func<object?, string> add) =>
        Any($"j.value {(negated ? "NOT " : "")}LIKE {add(Prefix(prefix))} ESCAPE '\\'");

    public override string IsNull(bool negated) => $"json_extract(attributes_json, {Path}) IS {(negated ? "NOT " : "")}NULL";

    protected override object Stored(DateTime time) => time.ToString(AttributeJson.TimeFormat, CultureInfo.InvariantCulture);

    private string Any(string condition) => $"EXISTS (SELECT 1 FROM json_each(attributes_json, {Path}) j WHERE {condition})";
}
