namespace FlowForge.Pipelines;

/// <summary>Reads a dataset.</summary>
internal static class DatasetParser
{
    public static DatasetDefinition Read(SectionReader section, string layer, SqlPlaces places)
    {
        var (sql, file) = (section.Text("sql"), section.Text("sql_file"));
        var mode = section.Choice<DatasetMode>("mode")!.Value;
        var keys = section.Texts("keys");
        var time = section.Text("time_column");
        if (sql is not null && file is not null)
        {
            section.Add(DiagnosticCodes.TwoSqls, "sql_file", "The dataset has both sql and sql_file.", "Remove one of them.");
        }
        else if (!section.Has("sql") && !section.Has("sql_file"))
        {
            section.Diagnostics.Add(DiagnosticCodes.NeedsSql, section.Place, section.Path, "The dataset has no SQL.", "Add sql or sql_file.");
        }
        else if (sql is not null && string.IsNullOrWhiteSpace(sql))
        {
            section.Add(DiagnosticCodes.NeedsSql, "sql", "The dataset's SQL is empty.", "Write a SELECT.");
        }
        if (mode == DatasetMode.Merge && !section.Has("keys"))
        {
            section.Add(DiagnosticCodes.NeedsKeys, "mode", "mode: merge needs keys.", "Name the key columns: keys: [id].");
        }
        if (mode == DatasetMode.Incremental && time is null)
        {
            section.Add(DiagnosticCodes.NeedsTimeColumn, "mode", "mode: incremental needs time_column.", "Name the column that holds the time.");
        }
        Effects.Warn(section, "keys", mode == DatasetMode.Merge, "mode is merge");
        Effects.Warn(section, "time_column", mode == DatasetMode.Incremental, "mode is incremental");
        var place = section.Node["sql"] is ScalarNode { IsNull: false } scalar ? places.Find(scalar) : default;
        return new DatasetDefinition
        {
            Layer = layer,
            Name = section.Path[(layer.Length + 1)..],
            Sql = sql,
            SqlFile = sql is null ? file : null,
            Mode = mode,
            Keys = keys,
            TimeColumn = time,
            Checks = CheckParser.Read(section),
            PartitionBy = section.Texts("partition_by"),
            Description = section.Text("description"),
            Line = section.Place.Line,
            SqlLine = sql is null ? null : place.Line,
            SqlColumn = sql is null ? null : place.Column,
            SqlLinesMatch = place.Matches,
        };
    }
}
