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
        else if (section.Has("notebook"))
        {
            NotebookParser.RefuseOthers(section);
        }
        else if (!section.Has("sql") && !section.Has("sql_file"))
        {
            section.Diagnostics.Add(DiagnosticCodes.NeedsSql, section.Place, section.Path, "The dataset has no SQL.", "Add sql, sql_file or notebook.");
        }
        else if (sql is not null && string.IsNullOrWhiteSpace(sql))
        {
            section.Add(DiagnosticCodes.NeedsSql, "sql", "The dataset's SQL is empty.", "Write a SELECT.");
        }
        if (mode is DatasetMode.Merge or DatasetMode.Scd2 && !section.Has("keys"))
        {
            section.Add(DiagnosticCodes.NeedsKeys, "mode", $"mode: {mode.ToText()} needs keys.", "Name the key columns: keys: [id].");
        }
        if (mode == DatasetMode.Incremental && time is null)
        {
            section.Add(DiagnosticCodes.NeedsTimeColumn, "mode", "mode: incremental needs time_column.", "Name the column that holds the time.");
        }
        Effects.Warn(section, "keys", mode is DatasetMode.Merge or DatasetMode.Scd2, "mode is merge or scd2");
        Effects.Warn(section, "time_column", mode == DatasetMode.Incremental, "mode is incremental");
        Effects.Warn(section, "lookback", mode == DatasetMode.Incremental, "mode is incremental");
        Effects.Warn(section, "result", section.Has("notebook"), "there is a notebook");
        Effects.Warn(section, "parameters", section.Has("notebook"), "there is a notebook");
        Effects.Warn(section, "config", section.Has("transform"), "there is a transform");
        Effects.Warn(section, "close_missing", mode == DatasetMode.Scd2, "mode is scd2");
        var place = section.Node["sql"] is ScalarNode { IsNull: false } scalar ? places.Find(scalar) : default;
        return new DatasetDefinition
        {
            Layer = layer,
            Name = section.Path[(layer.Length + 1)..],
            Sql = sql,
            SqlFile = sql is null ? file : null,
            Notebook = NotebookParser.Use(section, section.Text("result")),
            Mode = mode,
            Keys = keys,
            TimeColumn = time,
            Lookback = Durations.Read(section, "lookback", TimeSpan.Zero),
            Transform = section.Text("transform"),
            Config = section.Json("config"),
            CloseMissing = section.Flag("close_missing"),
            Rebuild = section.Choice<RebuildPolicy>("rebuild")!.Value,
            Checks = CheckParser.Read(section),
            PartitionBy = section.Texts("partition_by"),
            Description = section.Text("description"),
            Pool = Names.Pool(section),
            Line = section.Place.Line,
            SqlLine = sql is null ? null : place.Line,
            SqlColumn = sql is null ? null : place.Column,
            SqlLinesMatch = place.Matches,
        };
    }
}
