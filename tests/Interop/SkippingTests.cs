using System.Globalization;
using FlowForge.Lake;

namespace FlowForge.Interop.Tests;

/// <summary>
/// The other program leaves out files by our statistics and partition values. What a condition gives with that and without it must be equal, and equal to what we give; and it must
/// leave out files, else the statistics are of no use to it.
/// </summary>
public sealed class SkippingTests(DeltaPeer peer) : IDisposable
{
    private const string Without = "delta_lake_enable_engine_predicate = 0";
    private readonly PeerLake _both = new(peer);

    public void Dispose() => _both.Dispose();

    [Fact]
    public void Read_Conditions_GiveTheSameWithAndWithoutSkipping()
    {
        for (var i = 0; i < 6; i++)
            _both.Lake.Append(_both.Lake.Fresh(), $"""
                SELECT j AS a, repeat('k{i}', 40) || j AS long_text, 'key {i} ' || j AS s, DATE '2024-01-01' + j::INTEGER AS d, j::DECIMAL(12,2) / 4 AS de, (j * 1000000007)::DECIMAL(38,4) AS wide, j / 2 AS f,
                TIMESTAMP '2024-01-01' + INTERVAL (j) HOUR + INTERVAL 999 MICROSECOND AS ts, TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (j) HOUR + INTERVAL 1 MICROSECOND AS tz,
                {(i == 5 ? "NULL::INTEGER" : "1")} AS n, j % 2 = 0 AS b, CASE WHEN j % 50 = 7 THEN 'nan'::DOUBLE WHEN j % 50 = 8 THEN NULL ELSE -j END AS v, struct_pack(x := j, y := 'in {i}') AS st, 'p' || (j % 2) AS p FROM range({i * 100}, {(i + 1) * 100}) t(j)
                """, new WriteOptions { PartitionBy = ["p"] });
        (string Condition, string? Theirs)[] conditions =
        [
            ("a = 250", null), ("a > 499", null), ("a >= 499", null), ("a < 100", null), ("a <= 100", null), ("a BETWEEN 150 AND 350", null), ("a IN (5, 505)", null), ("a = 5 OR a = 505", null), ("a = 5 AND d = '2024-06-01'", null),
            ("s = 'key 3 301'", null), ("s >= 'key 4'", null), ("s < ''", null), ("long_text >= 'k3k3k3k3k3k3k3k3k3k3k3k3k3k3k3k3'", null), ("long_text = repeat('k2', 40) || '207'", null), ("long_text > repeat('k5', 40)", null),
            ("d >= '2025-06-01'", null), ("de > 120", null), ("de = 0.25", null), ("wide > 400000002800", null), ("wide = 7000000049", null), ("f < 3", null),
            ("ts >= '2024-01-22 00:00:00.000999'", null), ("ts > '2024-01-25 23:00:00'", null), ("ts = '2024-01-05 03:00:00.000999'", null), ("ts < '2024-01-01 00:00:00.001'", null), ("tz = '2024-01-05 03:00:00.000001'", null), ("tz > '2024-01-25 23:00:00'", null),
            ("n IS NULL", null), ("n IS NOT NULL", null), ("n = 1", null), ("b", null), ("NOT b", null), ("b = true AND a > 450", null), ("a <> 5", null), ("NOT (a > 100)", null), ("v IS NULL", null),
            ("v < -550", null), ("v > -2", "v > -2 OR isNaN(v)"), ("p = 'p1'", null), ("p = 'p1' AND a > 550", null), ("p > 'p1'", null), ("p IS NULL", null), ("a = 250 OR p = 'p0' AND n IS NULL", null), ("s LIKE 'key 5%'", null),
        ];
        var snapshot = _both.Lake.Fresh().Latest()!;
        foreach (var (condition, theirs) in conditions)
        {
            var sql = $"SELECT a FROM {_both.Of()} WHERE {theirs ?? condition} ORDER BY a";
            var ours = _both.Lake.Rows(snapshot, "string_agg(a, ' ' ORDER BY a)", $"WHERE {condition}").Replace("∅", "", StringComparison.Ordinal);
            Assert.Equal((condition, ours), (condition, Joined(_both.Peer.Ask(sql))));
            Assert.Equal((condition, ours), (condition, Joined(_both.Peer.Ask(sql, Without))));
        }

        // Of twelve files, two for each hundred rows. (By floating-point numbers, decimals, instants and IS NULL it leaves out none.)
        (string Condition, int Files)[] skips =
        [
            ("true", 12), ("a = 250", 2), ("a > 499", 2), ("a < 100", 2), ("s = 'key 3 301'", 2), ("d >= '2025-06-01'", 2), ("long_text > repeat('k4', 40)", 4), ("p = 'p1'", 6), ("p = 'p1' AND a > 550", 1),
        ];
        Assert.Equal(string.Join("\n", skips), string.Join("\n", skips.Select(s => (s.Condition, Scanned(s.Condition)))));

        int Scanned(string condition) => _both.Peer.Alone(() =>
        {
            var before = Count();
            _both.Peer.Ask($"SELECT * FROM {_both.Of()} WHERE {condition}");
            return Count() - before;
        });

        int Count() => int.Parse(_both.Peer.Value("SELECT value FROM system.events WHERE event = 'DeltaLakeScannedFiles'"), CultureInfo.InvariantCulture);

        static string Joined(PeerAnswer answer) => string.Join(' ', answer.Rows.Select(r => r[0].ToString()));
    }
}
