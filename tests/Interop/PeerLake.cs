using System.Globalization;
using System.Text.Json;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Lake.Tests;

namespace FlowForge.Interop.Tests;

/// <summary>A lake of a test, and the other program's view of its tables.</summary>
public sealed class PeerLake : IDisposable
{
    public PeerLake(DeltaPeer peer)
    {
        Peer = peer.Ready();
        Lake = new TestLake();
        Lake.Session.Execute("SET TimeZone = 'UTC'");
    }

    public TestLake Lake { get; }

    public DeltaPeer Peer { get; }

    /// <summary>A table as ClickHouse names it in FROM.</summary>
    public static string From(string folder) => $"deltaLakeLocal({Quote(folder)})";

    public static string Quote(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    public string Of(string name = "bronze.t") => From(Lake.Table(name).Location);

    /// <summary>Rows as FlowForge reads them, one text each, sorted.</summary>
    public List<string> Ours(TableSnapshot snapshot, string where = "true") => Ours(Lake.Session, snapshot, where);

    public static List<string> Ours(DuckSession session, TableSnapshot snapshot, string where = "true")
    {
        var fields = string.Join(", ", snapshot.Schema.Columns.Select((c, i) => $"c{i} := {CommonForm.Leaves(c.Type, SqlText.Identifier(c.Name))}"));
        var rows = session.Rows($"SELECT CAST(to_json(struct_pack({fields})) AS VARCHAR) FROM {snapshot.ScanSql(withReserved: true)} WHERE {where}");
        return Sorted(rows.Select(r =>
        {
            using var row = JsonDocument.Parse((string)r[0]!);
            return string.Join("|", row.RootElement.EnumerateObject().Select((p, i) => CommonForm.Of(snapshot.Schema.Columns[i].Type, p.Value, bytes: false)));
        }));
    }

    /// <summary>Rows as the other program reads them, by the same schema.</summary>
    public static List<string> Theirs(PeerAnswer answer, TableSchema schema) =>
        Sorted(answer.Rows.Select(r => string.Join("|", r.EnumerateArray().Select((v, i) => CommonForm.Of(schema.Columns[i].Type, v, bytes: true)))));

    /// <summary>Asserts that the other program reads a version as we do: names, order and types of the columns, and every value.</summary>
    /// <returns>The rows.</returns>
    public List<string> Same(string name = "bronze.t", long? version = null) => Same(Peer, Lake.Session, Lake.Fresh(name), version);

    /// <summary>The same of a table of any lake on this machine.</summary>
    public static List<string> Same(DeltaPeer peer, DuckSession session, LakeTable table, long? version = null)
    {
        var snapshot = (version is { } v ? table.At(v) : table.Latest())!;
        var sql = $"SELECT * FROM {From(table.Location)}";
        var answer = version is null ? peer.Ask(sql) : peer.Ask(sql, string.Create(CultureInfo.InvariantCulture, $"delta_lake_snapshot_version = {version}"));
        if (answer.Names.Count > 0)
        {
            Assert.Equal(snapshot.Schema.Columns.Select(c => c.Name), answer.Names);
            Assert.Equal(snapshot.Schema.Columns.Select(c => PeerTypes.Of(c.Type, c.Nullable)), answer.Types);
        }
        var ours = Ours(session, snapshot);
        Assert.Equal(ours, Theirs(answer, snapshot.Schema));
        return ours;
    }

    /// <summary>Asserts that ClickHouse's own older reader of the log, which has nothing of delta-kernel in it, reads the newest version as we do.</summary>
    public void SameWithoutKernel(string name = "bronze.t")
    {
        var snapshot = Lake.Fresh(name).Latest()!;
        Assert.Equal(Ours(snapshot), Theirs(Peer.Ask($"SELECT * FROM {Of(name)}", "allow_experimental_delta_kernel_rs = 0"), snapshot.Schema));
    }

    /// <summary>Asserts that every version is the same to both.</summary>
    public void SameEverywhere(string name = "bronze.t", long from = 0)
    {
        for (var version = from; version <= Lake.Fresh(name).Latest()!.Version; version++) Same(name, version);
    }

    public void Dispose() => Lake.Dispose();

    private static List<string> Sorted(IEnumerable<string> rows) => [.. rows.Order(StringComparer.Ordinal)];
}
