using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Types;

namespace FlowForge.Ingest.Children;

/// <summary>The columns that lead from a row of a child table to its parent: <c>_ff_parent</c> is the parent's <c>_ff_key</c>, for the table at the top its <c>_ff_record</c>; <c>_ff_file</c> and <c>_ff_record</c> are those of the row at the top.</summary>
internal static class ChildColumns
{
    public static readonly IReadOnlyList<TargetColumn> All =
    [
        new(ChildTexts.Parent, ColumnType.Text, Declared: true), new(ChildTexts.Key, ColumnType.Text, Declared: true),
        new(ChildTexts.File, new ColumnType(TypeKind.Integer), Declared: true), new(ChildTexts.Record, ColumnType.BigInt, Declared: true),
    ];

    public static bool IsReserved(string name) => All.Any(c => c.Name == name);

    /// <param name="source">What stands behind FROM.</param>
    /// <param name="columns">The columns of the batches.</param>
    /// <param name="files">The files at the top.</param>
    public static RowSet Rows(string source, IReadOnlyList<TargetColumn> columns, IReadOnlyList<LandedFile> files)
    {
        var own = columns.Select((c, i) => (c, Sql: $"c{i}")).Where(c => !IsReserved(c.c.Name)).ToList();
        var names = ColumnNaming.Tables([.. own.Select(c => c.c.Name)], new Dictionary<string, string>());
        return new RowSet(source, [.. own.Select((c, i) => new RowColumn(c.c.Name, names[i], c.Sql, c.c.Type.Name))], RowSet.FileName(files, Sql(ChildTexts.File)), Sql(ChildTexts.Record))
        {
            Reserved = [(ChildTexts.Parent, Sql(ChildTexts.Parent)), (ChildTexts.Key, Sql(ChildTexts.Key))],
        };

        string Sql(string name) => columns.Select((c, i) => (c.Name, Sql: $"c{i}")).Where(c => c.Name == name).Select(c => c.Sql).DefaultIfEmpty("NULL").First();
    }
}
