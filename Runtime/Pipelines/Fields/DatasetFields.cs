namespace FlowForge.Pipelines;

/// <summary>The fields of datasets and checks.</summary>
internal static class DatasetFields
{
    public static readonly FieldSet Dataset = new("a dataset",
    [
        new("sql", FieldKind.Text, "One SELECT over tables named with their layer: bronze.x, silver.y."),
        new("sql_file", FieldKind.Text, "File with the SQL, relative to the pipeline's folder."),
        new("description", FieldKind.Text, "What the table is for."),
        new("mode", FieldKind.Choice, "How the table is built.") { Choices = EnumText.All<DatasetMode>(), Default = "full" },
        new("keys", FieldKind.TextList, "Key columns of mode: merge."),
        new("time_column", FieldKind.Text, "Time column of mode: incremental."),
        new("partition_by", FieldKind.TextList, "Columns by which the table's files are laid out."),
        new("checks", FieldKind.Checks, "Data-quality rules, applied before the table version is published."),
    ], MainField: "sql");

    private static readonly Field OnFail =
        new("on_fail", FieldKind.Choice, "warn notes it, quarantine sets the rows aside, fail keeps the old table version.") { Choices = EnumText.All<CheckAction>(), Default = "fail" };

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
    };

    /// <summary>The action may also stand beside the check: <c>{ not_null: id, on_fail: warn }</c>.</summary>
    public static Field CheckAction => OnFail;
}
