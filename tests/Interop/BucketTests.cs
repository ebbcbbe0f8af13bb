using FlowForge.Lake;
using FlowForge.Lake.Tests.S3;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Interop.Tests;

/// <summary>Tables in a bucket: the other program opens them by the bucket's address and the same credentials.</summary>
public sealed class BucketTests(DeltaPeer peer, CephServer server)
{
    [Fact]
    public void Read_AndWrite_ATableInABucket()
    {
        peer.Ready();
        using var lake = new S3TestLake(server);
        lake.Session.Execute("SET TimeZone = 'UTC'");
        var table = lake.Table();
        for (var i = 0; i < 11; i++)
            lake.Append(table, $"SELECT j AS a, 'ü {i} ' || j AS s, TIMESTAMP '2024-01-01 00:00:00.000001' + INTERVAL (j) DAY AS t, CASE WHEN j % 3 > 0 THEN 'p/{i % 2} %' END AS p FROM range({i * 10}, {(i + 1) * 10}) t(j)", new WriteOptions { PartitionBy = ["p"] });
        using (var transaction = table.Begin())
        {
            transaction.Merge(lake.Session, "SELECT 5 AS a, 'merged' AS s, NULL::TIMESTAMP AS t, 'p/1 %' AS p", new MergeOptions { Keys = ["a"] });
            transaction.Commit(new CommitOptions { Mode = CommitMode.Replace });
        }
        table.Optimize(lake.Session);
        var from = $"deltaLake({PeerLake.Quote($"{server.Endpoint}{S3TestLake.Bucket}/{lake.Options.Prefix.Replace(" ", "%20", StringComparison.Ordinal)}/bronze/t/")}, '{CephServer.AccessKey}', '{CephServer.SecretKey}')";

        var snapshot = lake.Table("b").Latest()!;
        Assert.Equal(110, Same(snapshot).Count);
        Same(lake.Table("b").At(3)!);
        Assert.Equal("73", peer.Value($"SELECT count() FROM {from} WHERE p IS NOT NULL AND a > 0"));

        peer.Ask($"INSERT INTO FUNCTION {from} (a, s, t, p) SELECT toInt64(5000) AS a, 'their own ü' AS s, toDateTime64('2024-05-06 07:08:09.000001', 6) AS t, 'p7' AS p");
        lake.Append(lake.Table("c"), "SELECT 6000 AS a, 'ours again' AS s, NULL::TIMESTAMP AS t, NULL::VARCHAR AS p");
        var rows = Same(lake.Table("b").Latest()!);
        Assert.Equal((112, "5000|\"their own \\u00FC\"|2024-05-06 07:08:09.000001|\"p7\"\n6000|\"ours again\"|∅|∅"), (rows.Count, string.Join('\n', rows.Where(r => r.StartsWith("5000|", StringComparison.Ordinal) || r.StartsWith("6000|", StringComparison.Ordinal)))));

        List<string> Same(TableSnapshot at)
        {
            var ours = PeerLake.Ours(lake.Session, at);
            Assert.Equal(ours, PeerLake.Theirs(peer.Ask($"SELECT * FROM {from}", $"delta_lake_snapshot_version = {at.Version}"), at.Schema));
            return ours;
        }
    }
}
