using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class Sample
{
    private static readonly IReadOnlyList<TableColumn> Columns =
    [
        new("origin", "VARCHAR", false, "Origin"), new("name", "VARCHAR", true, null), new("flights", "BIGINT", false, null), new("mean_delay", "DOUBLE", true, null), new("late_share", "DECIMAL(5,4)", true, null),
        new("last_flight", "TIMESTAMP", true, "Last Flight"), new("is_hub", "BOOLEAN", true, null), new("hours", "BIGINT[]", true, null),
    ];

    public IReadOnlyList<TableVersionEntry> Versions { get; init; } = [.. Enumerable.Range(0, 5).Reverse().Select(v => new TableVersionEntry(v, Now.AddHours(v - 5), v == 0 ? "CREATE TABLE" : "OVERWRITE", "flights", "gold.delays_by_airport", DoneId, 1, v == 0 ? 0 : 1, 305, 14_000))];

    public RestorePreview Restore(string table, long version) => version == 0
        ? new RestorePreview { Table = table, From = 4, To = 0, RowsNow = 305, RowsThen = 305, Missing = ["part-000-00000-0f3a.zstd.parquet"], MissingCount = 1 }
        : new RestorePreview
        {
            Table = table, From = 4, To = version, RowsNow = 305, RowsThen = 298, FilesBack = 1, FilesGone = 1, Columns = [new ColumnChange("mean_delay", "changed", "FLOAT", "DOUBLE"), new ColumnChange("late_share", "removed", "DOUBLE")],
            Dependents = ["gold.delays_by_hour"], Jobs = [new JobCursor("flights", "gold.delays_by_airport", "2026-07-29", "2026-07-27", 12, 10)]
        };

    public TableDetail Table(string name)
    {
        var t = Tables.First(x => x.Table == name);
        return new TableDetail
        {
            Table = t.Table, Layer = t.Layer, Name = t.Name, Version = 4, LatestVersion = 4, Rows = t.Rows, Bytes = t.Bytes, Files = t.Files, UpdatedAt = t.UpdatedAt, Description = t.Description, Columns = Columns,
            Inputs = t.Layer == TableLayer.Bronze ? ["file:" + t.Name] : t.Layer == TableLayer.Silver ? ["bronze.flights"] : ["silver.flights_clean", "bronze.airports"], Outputs = t.Layer == TableLayer.Gold ? [] : ["gold.delays_by_airport", "gold.delays_by_hour"],
            Origin = new TableOrigin("flights", t.Layer == TableLayer.Bronze ? "ingest." + t.Name : t.Table, DoneId, default),
            Rejects = t.Layer == TableLayer.Silver ? new TableRejects(4, [new("not_null(origin)", 3), new("range(delay, -120..)", 1)]) : t.Rejects == 0 ? null : new TableRejects(t.Rejects, [new("'Production Budget' is not a BIGINT", 7), new("release_date is not a DATE", 4)]) { Replayed = 12 },
            Checks = [new CheckOutcome("unique(origin)", true, CheckAction.Fail, 0, null)],
        };
    }

    public TableRows Rows(string table, long offset, int limit, string? sort, bool down, string? filter)
    {
        var total = filter is null ? Tables.First(t => t.Table == table).Rows : 2;
        var rows = Enumerable.Range((int)offset, (int)Math.Max(0, Math.Min(limit, total - offset)))
            .Select(i => Row(((string[])["ATL", "ORD", "DFW", "LAX", "PHX", "DEN"])[i % 6], i % 7 == 3 ? null : $"Airport number {i}", 12_000 + i * 37, 4.25 + i % 9, "0.2113", "2001-03-31T23:45:00", i % 2 == 0, new[] { 6, 7, i % 24 }));
        return new TableRows { Table = table, Version = 4, Columns = Columns, Rows = [.. sort is not null && down ? rows.Reverse() : rows], Offset = offset, Total = total, Milliseconds = 12.4 };
    }

    public static ReplayPreview Replay(ReplayRejects body) => body.Reasons is [_]
        ? new ReplayPreview(new RowCounts(4, 3, 1, 0, 0), [new("release_date is not a DATE", 1)], "release_date DATE → VARCHAR", "films", 3)
        : new ReplayPreview(new RowCounts(11, 0, 11, 0, 0), [new("'Production Budget' is not a BIGINT", 11)], null, "films", 3);

    /// <summary>Rows that checks took out of a dataset.</summary>
    public static TableRows Quarantined(string table) => new()
    {
        Table = $"{table} (rejects)", Version = 0, Total = 4, Offset = 0, Milliseconds = 3,
        Columns = [new("run_id", "VARCHAR", false, null), new("reason", "VARCHAR", false, null), new("message", "VARCHAR", false, null), new("column_name", "VARCHAR", true, null), new("raw", "VARCHAR", true, null)],
        Rows = [.. Enumerable.Range(1, 4).Select(i => i < 4 ? Row(DoneId, "not_null", "not_null(origin)", null, $"{{\"origin\":null,\"delay\":{i * 7}}}") : Row(DoneId, "range", "range(delay, -120..)", null, "{\"origin\":\"ATL\",\"delay\":-1201}"))],
    };

    public static TableRows Rejects(string name) => new()
    {
        Table = $"bronze.{name}__rejects", Version = 2, Total = 11, Offset = 0, Milliseconds = 6,
        Columns = [new("reason", "VARCHAR", false, null), new("file", "VARCHAR", false, null), new("record", "BIGINT", false, null), new("raw", "VARCHAR", true, null)],
        Rows = [.. Enumerable.Range(1, 11).Select(i => Row("'Production Budget' is not a BIGINT", "movies.json", i * 271, $"{{\"Title\":\"Film {i}\",\"Production Budget\":\"unknown\"}}"))],
    };
}
