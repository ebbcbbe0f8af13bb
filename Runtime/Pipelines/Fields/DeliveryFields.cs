namespace FlowForge.Pipelines;

/// <summary>The fields of a delivery.</summary>
internal static class DeliveryFields
{
    /// <summary>What the runtime writes for sinks of files.</summary>
    public static readonly string[] Formats = ["parquet", "csv", "ndjson"];

    public static readonly FieldSet Delivery = new("a delivery",
    [
        new("from", FieldKind.Text, "The table, with its layer: gold.sales. The version that the run made is delivered, or the newest when the run does not make it.") { Required = true, Examples = ["gold.sales"] },
        new("to", FieldKind.Text, "Name of a connector that can write: file, s3, postgres. A connection says it too.") { Examples = ["file", "s3", "postgres"] },
        new("connection", FieldKind.Text, "Name of a saved connection."),
        new("path", FieldKind.Text, "For file and s3: the file (mode: replace), or the folder (mode: append). Local paths start at the pipeline's folder.") { Examples = ["exports/sales.parquet"] },
        new("table", FieldKind.Text, "For connectors that take rows (postgres): the table there; it is made when it is not there.") { Examples = ["sales", "reporting.sales"] },
        new("format", FieldKind.Choice, "Format of the files. Left out, the ending of path says it.") { Choices = Formats },
        new("mode", FieldKind.Choice, "replace: the file or table holds the delivered version and nothing else. append: rows that the table got since the last delivery are added, to a folder as a file of their own; when it did more than grow, all are written anew. merge: rows of a table that came, changed or went since then come, change or go there, by keys.") { Choices = EnumText.All<DeliveryMode>(), Default = "replace" },
        new("keys", FieldKind.TextList, "Key columns of mode: merge."),
        new("description", FieldKind.Text, "What it is for."),
        new("pool", FieldKind.Name, "Worker pool that executes the job; by default the pipeline's."),
        new("config", FieldKind.Free, "Further settings of the connector."),
    ]);
}
