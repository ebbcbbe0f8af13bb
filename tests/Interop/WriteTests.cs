using FlowForge.Lake;

namespace FlowForge.Interop.Tests;

/// <summary>The other way: it writes, we read and write on, and both read again.</summary>
public sealed class WriteTests(DeltaPeer peer) : IDisposable
{
    private readonly PeerLake _both = new(peer);

    public void Dispose() => _both.Dispose();

    [Fact]
    public void Append_ByTheOther_IsReadAndFollowed()
    {
        _both.Lake.Append(_both.Lake.Table(), "SELECT 1::BIGINT AS a, 'x' AS s, 1.5::DOUBLE AS d");
        // Its own files are not as the protocol has them: statistics under a name of their own, times of files in seconds, texts that are not marked as such.
        _both.Lake.Tampered = true;
        _both.Peer.Ask($"INSERT INTO FUNCTION {_both.Of()} SELECT toInt64(number + 100) AS a, 'their ü ' || toString(number) AS s, number / 2 AS d FROM numbers(1000)");
        Assert.Equal(1001, _both.Same().Count);
        _both.Lake.Append(_both.Lake.Fresh(), "SELECT 3::BIGINT AS a, 'y' AS s, NULL::DOUBLE AS d");
        _both.Peer.Ask($"INSERT INTO FUNCTION {_both.Of()} VALUES (7, NULL, NULL)");
        _both.SameEverywhere();
    }

    [Fact]
    public void Append_ByTheOtherIntoPartitions_IsReadAndFollowed()
    {
        _both.Lake.Append(_both.Lake.Table(), "SELECT 1 AS a, TIMESTAMP '2024-01-01' AS t, 'ü 0' AS p, DATE '1969-12-31' AS d", new WriteOptions { PartitionBy = ["p", "d"] });
        _both.Lake.Tampered = true;
        _both.Peer.Ask($"INSERT INTO FUNCTION {_both.Of()} SELECT number::Int32 AS a, toDateTime64('2024-05-06 07:08:09.000001', 6) AS t, 'ü ' || toString(number % 2) AS p, toDate32('1969-12-31') + number % 2 AS d FROM numbers(10)");
        Assert.Equal(11, _both.Same().Count);
        _both.Lake.Append(_both.Lake.Fresh(), "SELECT 3 AS a, NULL::TIMESTAMP AS t, 'y' AS p, NULL::DATE AS d");
        Assert.NotNull(_both.Lake.Fresh().Optimize(_both.Lake.Session));
        _both.SameEverywhere();
    }
}
