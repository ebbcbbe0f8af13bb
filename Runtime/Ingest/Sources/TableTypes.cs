using FlowForge.Catalog;
using FlowForge.Ingest.Drifting;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Sources;

/// <summary>Which types of a source's columns a table can keep.</summary>
internal static class TableTypes
{
    /// <exception cref="JobFailedException">A column that goes to the table as it is has a type that no table has.</exception>
    public static void Check(IngestDefinition job, TableSnapshot? table, IEnumerable<RowPart> parts)
    {
        // A contract says what becomes of each column.
        if (job.SchemaMode == SchemaMode.User) return;
        foreach (var (part, column) in parts.SelectMany(p => p.Columns.Select(c => (p, c))).DistinctBy(c => (c.c.Name, c.c.Type)))
        {
            if (column.Type == "NULL" || IsKept(column.Type) || job.LeavesOut(ColumnNames.Standard(column.Name), table)) continue;
            throw new JobFailedException("FF2133", $"Column '{column.Name}' of {part.Name} has the type {column.Type}, which a table cannot keep. Nothing was published.",
                "Let the source write it as a text, a number, a time or a STRUCT of these; or declare the columns in user_schema, this one as VARCHAR or not at all.");
        }
    }

    private static bool IsKept(string type)
    {
        try { return DuckTypes.ToDelta(type) is not null; }
        catch (LakeException) { return false; }
    }
}
