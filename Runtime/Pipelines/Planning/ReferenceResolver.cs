namespace FlowForge.Pipelines;

/// <summary>Turns the table names of a dataset's SQL into inputs, and says which are not there.</summary>
internal sealed class ReferenceResolver(
    PipelineDefinition definition, Dictionary<string, string> made, Func<string, bool> tableExists, DiagnosticList diagnostics)
{
    private static readonly string[] Layers = ["bronze", "silver", "gold"];
    private readonly HashSet<string> brokenMacros = [];

    /// <returns>Tables with their layer, each once, in the order of the text.</returns>
    public IReadOnlyList<string> Read(DatasetDefinition dataset, SqlReferenceReader sql)
    {
        if (dataset.Notebook is { } notebook) return Read(notebook, dataset, $"{dataset.Table}.notebook");
        var path = $"{dataset.Table}.{(dataset.SqlFile is null ? "sql" : "sql_file")}";
        if (dataset.Sql is null)
        {
            diagnostics.Add(
                DiagnosticCodes.SqlFileUnread, new TextPlace(dataset.Line, 1), path, $"The file '{dataset.SqlFile}' of {dataset.Table} could not be read.", "Check the path; it starts at the pipeline's folder.");
            return [];
        }
        IReadOnlyList<SqlReference> references;
        try
        {
            references = [.. sql(dataset.Sql), .. MacroDefinition.CalledBy(dataset.Sql, dataset.Macros).SelectMany(m => OfMacro(m, sql))];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var syntax = e as SqlSyntaxException;
            diagnostics.Add(
                DiagnosticCodes.SqlSyntax, Place(dataset, syntax?.Line, syntax?.Column), path,
                $"The SQL of {dataset.Table} does not parse{InFile(dataset, syntax)}: {e.Message.Trim()}", "A dataset is one SELECT in DuckDB's SQL.");
            return [];
        }
        return [.. references.Distinct().Select(r => Resolve(r, dataset, path)).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>The tables that a notebook job reads.</summary>
    public IReadOnlyList<string> Read(NotebookJobDefinition job) =>
        Read(job.Notebook, new DatasetDefinition { Layer = "notebook", Name = job.Name, Line = job.Line }, $"notebooks.{job.Name}.notebook");

    /// <summary>The table that a delivery reads.</summary>
    public IReadOnlyList<string> Read(DeliveryDefinition delivery)
    {
        var dot = delivery.From.IndexOf('.', StringComparison.Ordinal);
        var reader = new DatasetDefinition { Layer = "delivery", Name = delivery.Name, Line = delivery.Line };
        return Resolve(new SqlReference(delivery.From[..dot], delivery.From[(dot + 1)..]), reader, $"deliveries.{delivery.Name}.from", new TextPlace(delivery.FromPlace.Line, delivery.FromPlace.Column)) is { } table ? [table] : [];
    }

    private IReadOnlyList<string> Read(NotebookUse notebook, DatasetDefinition reader, string path)
    {
        if (notebook.Source is not { } source) return []; // what was wrong with its file has been said already
        var place = new TextPlace(reader.Line, 1);
        var read = source.Tables.Select(t => Resolve(Reference(t), reader, path, place)).OfType<string>();
        return [.. read.Concat(source.Mentions.Where(t => made.ContainsKey(t) || tableExists(t)))
            .Where(t => !t.Equals(reader.Table, StringComparison.OrdinalIgnoreCase)).Distinct(StringComparer.OrdinalIgnoreCase)];

        static SqlReference Reference(string table) => table.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? new SqlReference(table[..dot], table[(dot + 1)..]) : new SqlReference(null, table);
    }

    private IReadOnlyList<SqlReference> OfMacro(MacroDefinition macro, SqlReferenceReader sql)
    {
        try
        {
            return sql(macro.ProbeSql);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (brokenMacros.Add(macro.Name))
            {
                diagnostics.Add(DiagnosticCodes.InvalidMacro, new TextPlace(macro.Line, 1), $"macros.{macro.Name}", $"The SQL of the macro {macro.Name} does not parse: {e.Message.Trim()}", "A macro is an expression over its parameters, or a SELECT.");
            }
            return [];
        }
    }

    /// <summary>The tables that the checks of an ingest job read; its own table means the rows of the run.</summary>
    public IReadOnlyList<string> OfChecks(IngestDefinition job, SqlReferenceReader sql) => OfChecks(job.Checks, $"bronze.{job.Table}", $"ingest.{job.Name}.checks", new DatasetDefinition { Layer = "bronze", Name = job.Table, Line = job.Line }, sql);

    /// <summary>The tables that the checks of a dataset read beside its own.</summary>
    public IReadOnlyList<string> OfChecks(DatasetDefinition dataset, SqlReferenceReader sql) => OfChecks(dataset.Checks, dataset.Table, $"{dataset.Table}.checks", dataset, sql);

    private IReadOnlyList<string> OfChecks(IReadOnlyList<CheckDefinition> checks, string table, string path, DatasetDefinition reader, SqlReferenceReader sql)
    {
        List<string> tables = [];
        foreach (var check in checks.Where(c => c.ReadsSql is not null))
        {
            var place = new TextPlace(check.Line, 1);
            try
            {
                tables.AddRange(sql(check.ReadsSql!)
                    .Where(r => r is not { Schema: null, Table: "this" } && !r.ToString().Equals(table, StringComparison.OrdinalIgnoreCase))
                    .Select(r => Resolve(r, reader, path, place)).OfType<string>());
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                diagnostics.Add(DiagnosticCodes.CheckSqlSyntax, place, path, $"The SQL of the check {check.Title} does not parse: {e.Message.Trim()}", "An expression is a condition over one row; an sql check is one SELECT.");
            }
        }
        return [.. tables.Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Arrays that a job splits off have tables whose names are known only when the data is: <c>bronze.orders__items</c> is made by the job of <c>bronze.orders</c>.</summary>
    private void AdoptChild(string table)
    {
        if (made.ContainsKey(table)) return;
        var parent = definition.Ingest.FirstOrDefault(i => i.Config["nested"]?.ToString().Equals("split", StringComparison.OrdinalIgnoreCase) == true && table.StartsWith($"bronze.{i.Table}__", StringComparison.OrdinalIgnoreCase));
        if (parent is not null) made[table] = "ingest." + parent.Name;
    }

    private string? Resolve(SqlReference reference, DatasetDefinition dataset, string path, TextPlace? at = null)
    {
        if (diagnostics.IsFull)
        {
            return null;
        }
        AdoptChild(reference.ToString());
        var place = at ?? Find(dataset, reference);
        if (reference.Schema is null)
        {
            var candidates = Layers.Select(l => $"{l}.{reference.Table}").Where(t => made.ContainsKey(t) || tableExists(t)).ToList();
            diagnostics.Add(
                DiagnosticCodes.UnqualifiedTable, place, path, $"{dataset.Table} reads '{reference.Table}' without saying of which layer.",
                candidates.Count > 0 ? $"Write {string.Join(" or ", candidates)}." : Suggest($"bronze.{reference.Table}"));
            return null;
        }
        var table = reference.ToString().ToLowerInvariant();
        if (table.StartsWith("system.", StringComparison.Ordinal))
        {
            return null; // the catalog's own views: always there, made by nobody
        }
        if (!made.ContainsKey(table) && table.StartsWith("bronze.", StringComparison.Ordinal) && definition.Ingest.FirstOrDefault(i => SourceTables.MayMake(i, table["bronze.".Length..])) is { } many)
        {
            // Which tables a pattern finds shows in the run; one that the pipeline reads is expected to be among them.
            made[table] = $"ingest.{many.Name}";
        }
        if (made.TryGetValue(table, out var maker))
        {
            if (dataset.Layer == "silver" && table.StartsWith("gold.", StringComparison.Ordinal))
            {
                diagnostics.Add(DiagnosticCodes.AgainstTheLayers, place, path, $"{dataset.Table} reads {table}, which is of a later layer.", "Build it in gold, or move the input to silver.");
            }
            return table;
        }
        if (tableExists(table))
        {
            return table;
        }
        var landed = definition.Ingest.FirstOrDefault(i => !i.ForceToParquet && $"bronze.{i.Table}" == table);
        diagnostics.Add(
            landed is null ? DiagnosticCodes.UnknownTable : DiagnosticCodes.LandsOnly, place, path,
            landed is null ? $"{dataset.Table} reads {reference}, which no job makes and the lake does not have." : $"{dataset.Table} reads {reference}, but ingest.{landed.Name} lands its files only.",
            landed is null ? Suggest(table) : $"Remove force_to_parquet: false from ingest.{landed.Name}.");
        return null;
    }

    private string Suggest(string table)
    {
        var sameName = made.Keys.Where(t => t[(t.IndexOf('.', StringComparison.Ordinal) + 1)..] == table[(table.IndexOf('.', StringComparison.Ordinal) + 1)..]).ToList();
        return sameName.Count > 0 ? $"Did you mean {string.Join(" or ", sameName)}?"
            : Nearest.Of(table, made.Keys) is { } nearest ? $"Did you mean {nearest}?"
            : made.Count > 0 ? $"The pipeline makes {string.Join(", ", made.Keys)}."
            : "Add an ingest job or dataset that makes it.";
    }

    /// <summary>Where the name stands in the SQL, as far as that can be told from the text alone.</summary>
    private static TextPlace Find(DatasetDefinition dataset, SqlReference reference)
    {
        var at = dataset.Sql!.IndexOf(reference.ToString(), StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            at = dataset.Sql.IndexOf(reference.Table, StringComparison.OrdinalIgnoreCase);
        }
        if (at < 0)
        {
            return Place(dataset, null, null);
        }
        var before = dataset.Sql.AsSpan(0, at);
        return Place(dataset, before.Count('\n') + 1, at - before.LastIndexOf('\n'));
    }

    /// <summary>A place in the SQL as a place in the pipeline's file.</summary>
    private static TextPlace Place(DatasetDefinition dataset, int? line, int? column) =>
        dataset is { SqlLine: { } first, SqlLinesMatch: true } && line is { } l
            ? new TextPlace(first + l - 1, (dataset.SqlColumn ?? 1) + (column ?? 1) - 1)
            : new TextPlace(dataset.SqlLine ?? dataset.Line, dataset.SqlColumn ?? 1);

    private static string InFile(DatasetDefinition dataset, SqlSyntaxException? error) =>
        dataset.SqlLinesMatch || error?.Line is not { } line ? ""
        : dataset.SqlFile is { } file ? $" ({file}, line {line})"
        : $" (line {line} of the SQL)";
}
