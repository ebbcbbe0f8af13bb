using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>A table that a dataset reads, at the version it reads.</summary>
internal sealed record DatasetInput(TableName Name, TableSnapshot Snapshot)
{
    /// <summary>No row of it gets into the dataset.</summary>
    public bool OnlyForChecks { get; init; }
}

/// <summary>Finds what a dataset's SQL reads, pins the versions, and shows them to DuckDB as views in the schemas <c>bronze silver gold</c>.</summary>
internal static class DatasetInputs
{
    public static IReadOnlyList<DatasetInput> Resolve(DatasetDefinition dataset, JobRequest request, LakeStore lake)
    {
        var inputs = new List<DatasetInput>();
        foreach (var (reference, forChecks) in References(dataset).Where(r => !SystemTables.IsSystem(r.Reference)))
        {
            if (!TableName.TryParse(reference.ToString(), out var name))
                throw new JobFailedException("FF3201", $"{dataset.Table} reads '{reference}', which is no table of the lake.", "Name its layer: bronze.NAME, silver.NAME or gold.NAME.");
            if (inputs.Any(i => i.Name == name) || (dataset.Notebook is not null && lake.Table(name).Latest() is null && dataset.Notebook.Source?.Mentions.Contains(name.ToString()) == true)) continue;
            inputs.Add(new DatasetInput(name, Pin(dataset, request, lake, name)) { OnlyForChecks = forChecks });
        }
        return inputs;
    }

    /// <summary>Copies the catalog's views that the SQL and the checks read.</summary>
    public static void CreateSystemTables(DuckSession session, CatalogDatabase catalog, DatasetDefinition dataset) =>
        SystemTables.Create(session, catalog, References(dataset).Select(r => r.Reference));

    /// <summary>The tables that the SQL and its macros read, in the order of their first mention.</summary>
    public static IEnumerable<SqlTableReference> TablesOfSql(DatasetDefinition dataset) => References(dataset).Where(r => !r.ForChecks).Select(r => r.Reference);

    private static IEnumerable<(SqlTableReference Reference, bool ForChecks)> References(DatasetDefinition dataset)
    {
        var sql = DatasetSql.Text(dataset);
        var ofSql = dataset.Notebook is { } notebook ? OfNotebook(notebook) : SqlReferences.Tables(sql).Concat(MacroDefinition.CalledBy(sql, dataset.Macros).SelectMany(TablesOf)).Select(r => (r, false));
        var ofChecks = dataset.Checks.Select(c => c.ReadsSql).OfType<string>().SelectMany(SqlReferences.Tables)
            .Where(r => r is not { Schema: null, Table: "this" } && !r.ToString().Equals(dataset.Table, StringComparison.OrdinalIgnoreCase)).Select(r => (r, true));
        return ofSql.Concat(ofChecks);
    }

    private static IEnumerable<(SqlTableReference Reference, bool ForChecks)> OfNotebook(NotebookUse notebook) =>
        (notebook.Source is { } source ? source.Tables.Concat(source.Mentions) : []).Select(t => t.Split('.')).Where(t => t.Length == 2).Select(t => (new SqlTableReference(t[0], t[1]), false));

    private static IReadOnlyList<SqlTableReference> TablesOf(MacroDefinition macro)
    {
        try
        {
            return SqlReferences.Tables(macro.ProbeSql);
        }
        catch (DuckException e)
        {
            throw Broken(macro, e);
        }
    }

    private static JobFailedException Broken(MacroDefinition macro, DuckException e) =>
        new("FF3208", $"The macro {macro.Name} (line {macro.Line} of the pipeline) is not right: {e.Message}", "A macro is an expression over its parameters, or a SELECT.", inner: e);

    /// <summary>Makes the views.</summary>
    /// <param name="forPlan">True when <see cref="SkipFiles"/> or <see cref="BringForChecks"/> follows: until then the views of a lake elsewhere hold no rows, so that no file is brought here which is not needed.</param>
    public static void CreateViews(DuckSession session, IEnumerable<DatasetInput> inputs, bool forPlan)
    {
        foreach (var layer in (string[])["bronze", "silver", "gold"]) session.Execute($"CREATE SCHEMA {layer}");
        foreach (var input in inputs)
            session.Execute($"CREATE VIEW {SqlText.QualifiedName(input.Name.LayerName, input.Name.Name)} AS SELECT * FROM {(forPlan ? input.Snapshot.PlanSql() : input.Snapshot.ScanSql())}");
    }

    /// <summary>
    /// Makes the views anew over those files only that a SELECT can have rows from, by partition values and statistics. A table that checks read too stays whole.
    /// </summary>
    /// <returns>For each input how many of its files are left.</returns>
    public static IReadOnlyList<int> SkipFiles(DuckSession session, IReadOnlyList<DatasetInput> inputs, DatasetDefinition dataset, string select, CancellationToken ct)
    {
        var whole = ReadByChecks(dataset);
        var needed = NeededFiles.Of(session, select, [.. inputs.Select(i => i.Snapshot)], ct);
        return [.. inputs.Zip(needed, (input, files) =>
        {
            var all = input.Snapshot.Files.Count;
            // Where the files are elsewhere the view has none of them so far.
            if (whole.Contains(input.Name.ToString())) files = input.Snapshot.Files;
            if (files.Count == all && input.Snapshot.IsLocal) return all;
            Show(session, input, files, ct);
            return files.Count;
        })];
    }

    /// <summary>Makes the views of the tables that checks read over all of their files, where a notebook has read the others by itself.</summary>
    public static void BringForChecks(DuckSession session, IReadOnlyList<DatasetInput> inputs, DatasetDefinition dataset, CancellationToken ct)
    {
        var whole = ReadByChecks(dataset);
        foreach (var input in inputs.Where(i => !i.Snapshot.IsLocal && whole.Contains(i.Name.ToString()))) Show(session, input, input.Snapshot.Files, ct);
    }

    private static HashSet<string> ReadByChecks(DatasetDefinition dataset) => References(dataset).Where(r => r.ForChecks).Select(r => r.Reference.ToString()).ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static void Show(DuckSession session, DatasetInput input, IReadOnlyList<DataFile> files, CancellationToken ct) =>
        session.Execute($"CREATE OR REPLACE VIEW {SqlText.QualifiedName(input.Name.LayerName, input.Name.Name)} AS SELECT * FROM {input.Snapshot.ScanSql(files)}", ct);

    /// <summary>Makes the macros that the SQL calls, callees first, when their tables are there.</summary>
    public static void CreateMacros(DuckSession session, DatasetDefinition dataset)
    {
        foreach (var macro in MacroDefinition.CalledBy(DatasetSql.Text(dataset), dataset.Macros))
        {
            try
            {
                session.Execute(macro.CreateSql);
            }
            catch (DuckException e)
            {
                throw Broken(macro, e);
            }
        }
    }

    private static TableSnapshot Pin(DatasetDefinition dataset, JobRequest request, LakeStore lake, TableName name)
    {
        var table = lake.Table(name);
        var pinned = request.InputVersions.TryGetValue(name.ToString(), out var version);
        if ((pinned ? table.At(version) : table.Latest()) is { } snapshot) return snapshot;
        throw pinned
            ? new JobFailedException("FF3202", $"{dataset.Table} reads {name} at version {version}, which does not exist.", "Start a new run; its inputs are pinned anew.")
            : new JobFailedException("FF3203", $"{dataset.Table} reads {name}, which does not exist yet.", $"Run the job that makes {name} first, or correct the name. {Known(lake)}");
    }

    private static string Known(LakeStore lake)
    {
        var tables = lake.Tables();
        return tables.Count == 0 ? "The lake has no tables." : $"There are: {string.Join(", ", tables.Take(20))}{(tables.Count > 20 ? " …" : "")}.";
    }
}
