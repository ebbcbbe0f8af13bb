using System.Diagnostics;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;

namespace FlowForge.Api.Tables;

/// <summary>Pages of a table's rows, sorted and filtered by the engine. Thread-safe.</summary>
internal sealed class RowPages(TableReads reads)
{
    public const int LargestPage = 1000;

    /// <param name="shown">Name of the table in the answer.</param>
    /// <param name="withReserved">Rejects have columns of ours that a reader wants to see.</param>
    /// <param name="only">SQL condition that all shown rows fulfil; null for all rows.</param>
    public async Task<TableRows> ReadAsync(string shown, TableSnapshot table, RowsQuery query, bool withReserved, CancellationToken ct, string? only = null)
    {
        var start = Stopwatch.GetTimestamp();
        var columns = table.Schema.Columns.Where(c => withReserved || !c.IsReserved).ToArray();
        var (where, values) = Where(query.Filter, table.Schema);
        if (only is not null) where = where.Length == 0 ? $" WHERE ({only})" : $"{where} AND ({only})";
        var order = SortedBy(query, table.Schema);
        var names = SqlText.Identifiers(columns.Select(c => c.Name));
        try
        {
            var (rows, total, files) = await reads.ReadAsync((session, token) =>
            {
                // What is read stays on this machine until the page is there.
                using var held = table.HoldCopies();
                // Only files that can have such rows are opened.
                var (some, offset) = (table.Files, query.Offset);
                if (where.Length > 0) some = NeededFiles.Of(session, $"SELECT {names} FROM {table.PlanSql(withReserved)}{where}", [table], token, values)[0];
                else if (query.Sort is { Length: > 0 } sort) some = query.Offset + query.Limit > table.Rows - query.Offset ? table.Files : table.FilesOfTop(sort, query.Descending, query.Offset + query.Limit);
                else (some, offset) = table.FilesOfPage(query.Offset, query.Limit);
                var from = $"FROM {table.ScanSql(some, withReserved)}{where}";
                var count = where.Length == 0 ? table.Rows : session.Scalar<long>($"SELECT count(*) {from}", token, values);
                var page = query.Offset >= count ? []
                    : order is null ? session.Rows($"SELECT {names} {from} LIMIT {query.Limit} OFFSET {offset}", token, values)
                    : new SortedPage(session, table, some, where, values, order, query.Descending).Read(names, withReserved, count, query.Offset, query.Limit, token);
                return (page, count, some.Count);
            }, ct);
            return new TableRows
            {
                Table = shown, Version = table.Version, Offset = query.Offset, Total = total, Rows = JsonRows.Write(rows),
                Columns = [.. columns.Select(TableViews.ToColumn)], Files = table.Files.Count, FilesRead = files, Milliseconds = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1)
            };
        }
        catch (DuckException e) when (!string.IsNullOrWhiteSpace(query.Filter) && e.Kind is DuckErrorKind.Conversion or DuckErrorKind.InvalidInput or DuckErrorKind.Binder or DuckErrorKind.OutOfRange)
        {
            throw BadFilter(FirstLine(e.Message));
        }
    }

    private static (string Sql, object?[] Values) Where(string? filter, TableSchema schema)
    {
        if (string.IsNullOrWhiteSpace(filter))
            return ("", []);
        try
        {
            var (sql, values) = RowFilter.Parse(filter, schema);
            return ($" WHERE ({sql})", values);
        }
        catch (FilterException e)
        {
            throw BadFilter(e.Message);
        }
    }

    /// <summary>The column to sort by; null for the table's own order.</summary>
    private static string? SortedBy(RowsQuery query, TableSchema schema) => string.IsNullOrEmpty(query.Sort) ? null
        : (schema.Find(query.Sort) ?? throw ProblemException.Bad("FF4070", $"The table has no column '{query.Sort}' to sort by.")).Name;

    private static ProblemException BadFilter(string detail) => ProblemException.Bad("FF4071", "The filter is not understood: " + detail,
        "Write conditions such as: delay > 60 and origin = 'ATL'.");

    private static string FirstLine(string text) => text.Split('\n', 2)[0];
}
