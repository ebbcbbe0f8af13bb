namespace FlowForge.Pipelines;

/// <summary>The fields of datasets and checks.</summary>
internal static class DatasetFields
{
    public static readonly FieldSet Dataset = new("a dataset",
    [
        new("sql", FieldKind.Text, "One SELECT over tables named with their layer: bronze.x, silver.y."),
        new("sql_file", FieldKind.Text, "File with the SQL, relative to the pipeline's folder."),
        new("notebook", FieldKind.Text, "Notebook that makes the rows in place of SQL: its path below the workspace's notebooks folder.") { Examples = ["reports/delays"] },
        new("result", FieldKind.Text, "For notebook: the SQL result or C# collection whose rows the table gets; by default the last SQL cell's result."),
        new("parameters", FieldKind.TextMap, "For notebook: values of its parameters, over those that the run has by the same names."),
        new("description", FieldKind.Text, "What the table is for."),
        new("mode", FieldKind.Choice, "How the table is built.") { Choices = EnumText.All<DatasetMode>(), Default = "full" },
        new("keys", FieldKind.TextList, "Key columns of mode: merge and scd2."),
        new("time_column", FieldKind.Text, "Time column of mode: incremental."),
        new("lookback", FieldKind.Duration, "mode: incremental begins this long before the newest time of the table, for rows that come late.") { Default = "0s" },
        new("close_missing", FieldKind.Boolean, "mode: scd2 closes things that the SQL does not give any more.") { Default = "false" },
        new("rebuild", FieldKind.Choice, "changed: a run leaves the table as it is when neither SQL, settings nor inputs have changed. always: each run builds it.") { Choices = EnumText.All<RebuildPolicy>(), Default = "changed" },
        new("transform", FieldKind.Text, "Transform plugin that the rows of the SQL go through on their way into the table."),
        new("config", FieldKind.Free, "Settings of the transform."),
        new("partition_by", FieldKind.TextList, "Columns by which the table's files are laid out."),
        new("pool", FieldKind.Name, "Worker pool that executes the job; by default the pipeline's."),
        new("checks", FieldKind.Checks, "Data-quality rules, applied before the table version is published."),
    ], MainField: "sql");

    public static readonly FieldSet Notebook = new("a notebook job",
    [
        new("notebook", FieldKind.Text, "Notebook that is run: its path below the workspace's notebooks folder.") { Required = true, Examples = ["reports/daily"] },
        new("parameters", FieldKind.TextMap, "Values of its parameters, over those that the run has by the same names."),
        new("description", FieldKind.Text, "What it is for."),
        new("pool", FieldKind.Name, "Worker pool that executes the job; by default the pipeline's."),
    ], MainField: "notebook");

    public static readonly FieldSet Test = new("a test",
    [
        new("dataset", FieldKind.Text, "The dataset with its layer: silver.flights_clean.") { Required = true },
        new("given", FieldKind.RowsByTable, "Rows of each table that the dataset reads, by table with layer."),
        new("expect", FieldKind.Rows, "The rows that the SQL must give, in any order; columns that no row names are not compared.") { Required = true },
        new("parameters", FieldKind.TextMap, "Parameters of the run, over the pipeline's defaults."),
    ]);

    private static readonly Field OnFail =
        new("on_fail", FieldKind.Choice, "warn notes it, drop leaves the rows out, quarantine sets them aside, fail keeps the old table version.") { Choices = EnumText.All<CheckAction>(), Default = "fail" };

    /// <summary>By kind of check: the fields of its long form (<c>range: { column: …, min: … }</c>).</summary>
    public static IReadOnlyDictionary<CheckKind, FieldSet> Checks { get; } = new Dictionary<CheckKind, FieldSet>
    {
        [CheckKind.NotNull] = new("a not_null check", [new("columns", FieldKind.TextList, "Columns that must have a value.") { Required = true }, OnFail], MainField: "columns"),
        [CheckKind.Unique] = new("a unique check", [new("columns", FieldKind.TextList, "Columns that together form a key.") { Required = true }, OnFail], MainField: "columns"),
        [CheckKind.AcceptedValues] = new("an accepted_values check",
        [
            new("column", FieldKind.Text, "The column.") { Required = true },
            new("values", FieldKind.TextList, "The values it may have; null for a missing one.") { Required = true },
            OnFail,
        ]),
        [CheckKind.Range] = new("a range check",
        [
            new("column", FieldKind.Text, "The column.") { Required = true },
            new("min", FieldKind.Text, "Lowest allowed value, a number or ISO date."),
            new("max", FieldKind.Text, "Highest allowed value."),
            OnFail,
        ]),
        [CheckKind.RowCount] = new("a row_count check",
        [
            new("min", FieldKind.Integer, "Fewest rows.") { Max = long.MaxValue },
            new("max", FieldKind.Integer, "Most rows.") { Max = long.MaxValue },
            OnFail,
        ]),
        [CheckKind.Regex] = new("a regex check",
        [
            new("column", FieldKind.Text, "The column.") { Required = true },
            new("pattern", FieldKind.Text, "Regular expression (RE2) that the whole value must match; NULL passes.") { Required = true, Examples = ["[A-Z]{3}"] },
            OnFail,
        ]),
        [CheckKind.Expression] = new("an expression check",
        [
            new("condition", FieldKind.Text, "SQL condition over a row; a row for which it is false fails, NULL passes.") { Required = true, Examples = ["arrival >= departure"] },
            new("name", FieldKind.Text, "What the check is called in results; by default its text."),
            OnFail,
        ], MainField: "condition"),
        [CheckKind.ForeignKey] = new("a foreign_key check",
        [
            new("columns", FieldKind.TextList, "Columns that together form the key; a key with NULL passes.") { Required = true },
            new("table", FieldKind.Text, "The table that must have the key, with its layer.") { Required = true, Examples = ["bronze.airports"] },
            new("references", FieldKind.TextList, "Its key columns; by default they have the same names."),
            OnFail,
        ]),
        [CheckKind.Sql] = new("an sql check",
        [
            new("query", FieldKind.Text, "SELECT that gives the failing rows; the rows of the run are the table this.") { Required = true, Examples = ["SELECT day FROM this GROUP BY day HAVING count(*) > 1000"] },
            new("name", FieldKind.Text, "What the check is called in results; by default its text."),
            OnFail,
        ], MainField: "query"),
        [CheckKind.Freshness] = new("a freshness check",
        [
            new("column", FieldKind.Text, "Column with a time or a date.") { Required = true },
            new("max_age", FieldKind.Duration, "How old the newest value may be when the run begins.") { Required = true },
            OnFail,
        ]),
        [CheckKind.Anomaly] = new("an anomaly check",
        [
            new("metric", FieldKind.Choice, "What is measured of the rows of a run and compared with earlier runs.") { Choices = EnumText.All<CheckMetric>(), Default = "row_count" },
            new("column", FieldKind.Text, "The column; every metric but row_count needs one."),
            new("runs", FieldKind.Integer, "With how many earlier runs it is compared.") { Default = "10", Min = 3, Max = 1000 },
            new("min_runs", FieldKind.Integer, "With fewer earlier runs nothing is judged.") { Default = "3", Min = 2, Max = 1000 },
            new("sensitivity", FieldKind.Number, "How many usual deviations from the median of the earlier runs are still normal.") { Default = "3", Min = 1, Max = 100 },
            OnFail,
        ], MainField: "metric"),
    };

    /// <summary>The action may also stand beside the check: <c>{ not_null: id, on_fail: warn }</c>.</summary>
    public static Field CheckAction => OnFail;
}
