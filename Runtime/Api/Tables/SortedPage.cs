using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Api.Tables;

/// <summary>
/// A page of rows sorted by a column, NULLs last. Equal values keep the table's own order, so pages neither repeat nor leave out a row. Of a large table only the places of the page's rows are sorted out, and
/// their values fetched then; a page far from both ends is found among the rows near its value.
/// </summary>
/// <param name="session">Free; a temporary table and a variable <c>ff_cut</c> are made in it.</param>
/// <param name="table">The version.</param>
/// <param name="files">Those that can have rows of the page; for a page that is nearer to the end all that have rows.</param>
/// <param name="where">The filter as <c> WHERE …</c>, or nothing; its values are given to <see cref="Read"/>.</param>
/// <param name="column">Sorted by.</param>
/// <param name="descending">Greatest first.</param>
internal sealed class SortedPage(DuckSession session, TableSnapshot table, IReadOnlyList<DataFile> files, string where, object?[] values, string column, bool descending)
{
    /// <summary>Below this many rows all columns are sorted at once.</summary>
    private const long Large = 100_000;

    /// <summary>From here on a page is deep.</summary>
    private const long Deep = 20_000;

    private const int FilesAtOnce = 50;
    private const string Place = TableSnapshot.PlaceColumn, Row = TableSnapshot.RowColumn;
    private readonly string _key = SqlText.Identifier(column);

    /// <param name="names">The columns to give, as SQL.</param>
    /// <param name="withReserved">Whether reserved ones are among them.</param>
    /// <param name="count">Rows that the filter leaves.</param>
    public IReadOnlyList<object?[]> Read(string names, bool withReserved, long count, long offset, int limit, CancellationToken ct)
    {
        if (offset >= count) return [];
        if (count <= Large) return session.Rows($"SELECT {names} FROM {table.ScanWithPlaces(files, true)}{where} ORDER BY {_key} {(descending ? "DESC" : "ASC")} NULLS LAST, {Place}, {Row} LIMIT {limit} OFFSET {offset}", ct, values);
        limit = (int)Math.Min(limit, count - offset);
        return Fetch(names, withReserved, Places(count, offset, limit, ct), ct);
    }

    private IReadOnlyList<object?[]> Places(long count, long offset, int limit, CancellationToken ct)
    {
        // What is far from the one end may be near to the other.
        var fromEnd = count - offset - limit;
        var reversed = fromEnd < offset;
        var near = reversed ? fromEnd : offset;
        IReadOnlyList<object?[]> found;
        if (near > Deep && Narrow(count, offset, limit, ct) is { } part) found = Sorted(part.Condition, part.Offset, limit, false, ct);
        else found = Sorted(null, near, limit, reversed, ct);
        return found;
    }

    private IReadOnlyList<object?[]> Sorted(string? condition, long offset, int limit, bool reversed, CancellationToken ct)
    {
        var filter = condition is null ? where : where.Length == 0 ? $" WHERE {condition}" : $"{where} AND {condition}";
        var order = reversed ? $"{_key} {(descending ? "ASC" : "DESC")} NULLS FIRST, {Place} DESC, {Row} DESC" : $"{_key} {(descending ? "DESC" : "ASC")} NULLS LAST, {Place}, {Row}";
        var rows = session.Rows($"SELECT {Place}, {Row} FROM {table.ScanWithPlaces(files, true)}{filter} ORDER BY {order} LIMIT {limit} OFFSET {offset}", ct, values);
        return reversed ? [.. rows.Reverse()] : rows;
    }

    /// <summary>The rows with values near those of the page, by a sample, and how many rows of the page's order come before them. Null when the sample has not met it.</summary>
    private (string Condition, long Offset)? Narrow(long count, long offset, int limit, CancellationToken ct)
    {
        var scan = table.ScanWithPlaces(files, true);
        var known = session.Rows($"SELECT count({_key}) FROM {scan}{where}", ct, values)[0][0] is { } n ? Convert.ToInt64(n, CultureInfo.InvariantCulture) : 0;
        if (offset >= known) return ($"{_key} IS NULL", offset - known);
        if (offset + limit > known) return null;
        var at = (double)(descending ? known - offset : offset) / known;
        // A hundred thousand values of a sample tell a share to about half a percent.
        var percent = Math.Clamp(1e7 / count, 0.05, 50).ToString("0.###", CultureInfo.InvariantCulture);
        session.Execute(string.Create(CultureInfo.InvariantCulture, $"CREATE OR REPLACE TEMP TABLE ff_cut AS SELECT quantile_disc(v, [{Math.Max(0, at - 0.01):0.####}, {Math.Min(1, at + 0.01):0.####}]) AS bounds FROM (SELECT {_key} AS v FROM {scan}{where} USING SAMPLE {percent}% (system)) AS sampled"), ct, values);
        // As constants they are known to the scans.
        session.Execute("SET VARIABLE ff_cut = (SELECT bounds FROM temp.ff_cut)", ct);
        if (session.Scalar<bool>("SELECT bounds IS NULL FROM temp.ff_cut", ct)) return null;
        const string low = "getvariable('ff_cut')[1]", high = "getvariable('ff_cut')[2]";
        var counts = session.Rows($"SELECT count(*) FILTER ({_key} < {low}), count(*) FILTER ({_key} > {high}) FROM {scan}{where}", ct, values)[0];
        var (below, above) = (Convert.ToInt64(counts[0], CultureInfo.InvariantCulture), Convert.ToInt64(counts[1], CultureInfo.InvariantCulture));
        var before = descending ? above : below;
        return offset >= before && offset + limit <= known - (descending ? below : above) ? ($"{_key} BETWEEN {low} AND {high}", offset - before) : null;
    }

    private List<object?[]> Fetch(string names, bool withReserved, IReadOnlyList<object?[]> places, CancellationToken ct)
    {
        var wanted = places.Select((p, i) => (At: (Place: Convert.ToInt32(p[0], CultureInfo.InvariantCulture), Row: Convert.ToInt64(p[1], CultureInfo.InvariantCulture)), i)).ToDictionary(p => p.At, p => p.i);
        var rows = new object?[wanted.Count][];
        foreach (var group in wanted.Keys.GroupBy(k => k.Place).Chunk(FilesAtOnce))
        {
            var parts = group.Select(g => $"SELECT {Place}, {Row}, {names} FROM {table.ScanWithPlaces([table.FileAt(g.Key)], withReserved)} WHERE {Row} IN ({string.Join(", ", g.Select(k => k.Row.ToString(CultureInfo.InvariantCulture)))})");
            foreach (var row in session.Rows(string.Join(" UNION ALL ", parts), ct))
                rows[wanted[(Convert.ToInt32(row[0], CultureInfo.InvariantCulture), Convert.ToInt64(row[1], CultureInfo.InvariantCulture))]] = row[2..];
        }
        return [.. rows];
    }
}
