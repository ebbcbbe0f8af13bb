using System.Text.RegularExpressions;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>The catalog's views as tables of the schema <c>system</c>, copied when a job or query begins: it sees one state of them throughout.</summary>
internal static partial class SystemTables
{
    private const int BatchRows = 4096;
    private const string Source = "system_view_rows";

    /// <summary>Makes those of the views that the references name.</summary>
    /// <exception cref="JobFailedException">There is no such view.</exception>
    public static void Create(DuckSession session, CatalogDatabase catalog, IEnumerable<SqlTableReference> references)
    {
        var wanted = references.Where(IsSystem).Select(r => r.Table.ToLowerInvariant()).Distinct().ToList();
        if (wanted.Count == 0) return;
        var views = SystemViews.Of(catalog);
        session.Execute($"CREATE SCHEMA IF NOT EXISTS {SqlText.QualifiedName("memory", SystemViews.Schema)}");
        foreach (var name in wanted)
        {
            var view = views.FirstOrDefault(v => v.Name == name)
                ?? throw new JobFailedException("FF3209", $"There is no table {SystemViews.Schema}.{name}.", $"There are: {string.Join(", ", views.Select(v => $"{SystemViews.Schema}.{v.Name}"))}.");
            session.RegisterSource(Source, new Schema([.. view.Columns.Select(c => new Field(c.Name, Type(c.Type), true))], null), () => Batches(view));
            session.Execute($"CREATE TABLE {SqlText.QualifiedName("memory", SystemViews.Schema, name)} AS FROM {Source}");
            session.UnregisterSource(Source);
        }
    }

    /// <summary>True for a reference to the catalog's views.</summary>
    public static bool IsSystem(SqlTableReference reference) => string.Equals(reference.Schema, SystemViews.Schema, StringComparison.OrdinalIgnoreCase);

    /// <summary>The dataset with <c>system.runs</c> written as DuckDB needs it, which has a catalog of that name too. Lines stay lines.</summary>
    public static DatasetDefinition Qualified(DatasetDefinition dataset) => dataset with
    {
        Sql = Qualified(DatasetSql.Text(dataset)),
        Macros = [.. dataset.Macros.Select(m => m with { Body = Qualified(m.Body) })],
        Checks = [.. dataset.Checks.Select(c => c.Sql is { } sql ? c with { Name = c.Name ?? (Qualified(sql) == sql ? null : c.Title[(c.Title.IndexOf('(', StringComparison.Ordinal) + 1)..^1]), Sql = Qualified(sql) } : c)],
    };

    /// <summary>As <see cref="Qualified(DatasetDefinition)"/>, for one text: names in texts and comments stay as they are.</summary>
    public static string Qualified(string sql) =>
        Mention().Replace(sql, m => m.Groups["name"].Success ? "memory." + m.Value : m.Value);

    [GeneratedRegex("""'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|(?<![\w".])(?<name>"?system"?\s*\.)""", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant, 30_000)]
    private static partial Regex Mention();

    private static IEnumerable<RecordBatch> Batches(SystemView view)
    {
        var builder = new RecordBatchBuilder(new Schema([.. view.Columns.Select(c => new Field(c.Name, Type(c.Type), true))], null));
        foreach (var row in view.Rows)
        {
            builder.AppendRow(row);
            if (builder.Length >= BatchRows) yield return builder.Build();
        }
        if (builder.Length > 0) yield return builder.Build();
    }

    private static IArrowType Type(SystemColumnType type) => type switch
    {
        SystemColumnType.Bigint => Int64Type.Default,
        SystemColumnType.Double => DoubleType.Default,
        SystemColumnType.Boolean => BooleanType.Default,
        SystemColumnType.TimestampTz => new TimestampType(TimeUnit.Microsecond, "UTC"),
        _ => StringType.Default,
    };
}
