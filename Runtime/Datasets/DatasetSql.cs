using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>A dataset's SQL, checked and made ready to be written: one SELECT whose column names can stand in a table.</summary>
/// <param name="Select">The SELECT to write.</param>
/// <param name="Columns">Name and DuckDB type of its columns.</param>
/// <param name="OriginalNames">The names in the author's SQL where they had to be changed, as metadata by column name.</param>
internal sealed record DatasetSql(string Select, IReadOnlyList<DuckColumn> Columns, TableSchema? OriginalNames)
{
    /// <summary>How many rows it must give, where who made them has counted.</summary>
    public long? Rows { get; init; }

    private const string View = "dataset_rows";

    /// <summary>Binds the SQL in a session where its inputs are views already.</summary>
    /// <exception cref="JobFailedException">It does not bind.</exception>
    public static DatasetSql Bind(DuckSession session, DatasetDefinition dataset)
    {
        var sql = Text(dataset);
        // Bound as the author wrote it first, so that DuckDB's line numbers are the author's.
        session.Describe(sql);
        // A view takes the text as it is, with a semicolon or a comment at its end.
        session.Execute($"CREATE TEMP VIEW {View} AS {sql}");
        const string body = $"SELECT * FROM {View}";
        var columns = session.Describe(body);
        if (columns.All(c => ColumnNames.Problem(c.Name) is null)) return new DatasetSql(body, columns, null);
        var standard = ColumnNames.StandardAll(columns.Select(c => c.Name));
        var names = columns.Select((c, i) => ColumnNames.Problem(c.Name) is null && !standard.Take(i).Contains(c.Name, StringComparer.OrdinalIgnoreCase) ? c.Name : standard[i]).ToList();
        var select = string.Join(", ", columns.Select((c, i) => $"{SqlText.Identifier(c.Name)} AS {SqlText.Identifier(names[i])}"));
        var renamed = columns.Select((c, i) => c with { Name = names[i] }).ToList();
        var metadata = new TableSchema(columns.Select((c, i) => new TableColumn(names[i], DuckTypes.ToDelta(c.Type)).WithOriginalName(c.Name)));
        return new DatasetSql($"SELECT {select} FROM {View}", renamed, metadata);
    }

    /// <summary>The author's SQL; of a notebook a comment that changes with its code.</summary>
    public static string Text(DatasetDefinition dataset) =>
        dataset.Notebook is { } notebook ? $"-- notebook {notebook.Path} {notebook.Source?.Code}" : dataset.Sql ?? throw new InvalidOperationException($"The SQL file of {dataset.Table} was not read; call PipelineDefinition.WithSql first.");
}
