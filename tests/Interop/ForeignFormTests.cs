using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowForge.Lake;
using FlowForge.Lake.Tests;

namespace FlowForge.Interop.Tests;

/// <summary>
/// Tables in forms that FlowForge reads and does not write, made by hand after the protocol's text. That another reader sees the same rows in them says that the text was understood,
/// by who made them and by our reader.
/// </summary>
public sealed class ForeignFormTests(DeltaPeer peer) : IDisposable
{
    private const string Uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
    private const string Vector = "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin";
    private readonly PeerLake _both = new(peer);

    public void Dispose() => _both.Dispose();

    private const string Columns = """
        checkpointMetadata: 'STRUCT(version BIGINT)', protocol: 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])', txn: 'STRUCT(appId VARCHAR, version BIGINT)',
        metaData: 'STRUCT(id VARCHAR, "format" STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)',
        sidecar: 'STRUCT(path VARCHAR, sizeInBytes BIGINT, modificationTime BIGINT)'
        """;

    private static readonly object Metadata = ForeignTable.Metadata(ForeignTable.Field("a", "long"));

    [Theory]
    [InlineData("u")]
    [InlineData("p")]
    [InlineData("i")]
    public void Read_DeletionVectors_OfEveryKindOfContainer(string storage)
    {
        var rows = new List<long> { 0, 1, 70000 };
        if (storage != "i")
        {
            rows.AddRange(Enumerable.Range(131072, 30000).Where(i => i % 3 != 0).Select(i => (long)i));
            rows.AddRange(Enumerable.Range(200000, 5000).Select(i => (long)i));
        }
        var table = new ForeignTable(_both.Lake);
        var (before, bytes) = (Vectors.Portable([5]), Vectors.Portable(rows));
        var file = Path.Combine(table.Folder, "xy", Vector);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, [1, .. Vectors.Framed(before), .. Vectors.Framed(bytes)]);
        object vector = storage == "i" ? new { storageType = "i", pathOrInlineDv = Z85(bytes), sizeInBytes = bytes.Length, cardinality = rows.Count }
            : new { storageType = storage, pathOrInlineDv = storage == "u" ? "xy^-aqEH.-t@S}K{vb[*k^" : "file://" + file, offset = 1 + before.Length + 8, sizeInBytes = bytes.Length, cardinality = rows.Count };
        table.Entry(0, ForeignTable.Protocol("deletionVectors"), ForeignTable.Metadata(ForeignTable.Field("a", "long"), null, new Dictionary<string, string> { ["delta.enableDeletionVectors"] = "true" }),
            table.Add("part-1.parquet", "SELECT i AS a FROM range(300000) t(i)", ", ROW_GROUP_SIZE 2048", null, """{"numRecords":300000,"minValues":{"a":0},"maxValues":{"a":299999},"nullCount":{"a":0}}""", vector));
        Assert.Equal(SumOurs(), SumTheirs());
        Assert.Equal((300000 - rows.Count).ToString(CultureInfo.InvariantCulture), SumTheirs().Split('|')[0]);
        Assert.Equal(SumOurs("a BETWEEN 3 AND 204999"), SumTheirs("a BETWEEN 3 AND 204999"));

        // A delete of ours writes such a file anew without its deleted rows.
        using (var transaction = _both.Lake.Fresh().Begin())
        {
            transaction.Delete(_both.Lake.Session, "a % 2 = 0");
            transaction.Commit(new CommitOptions { Mode = CommitMode.Replace });
        }
        Assert.Equal(SumOurs(), SumTheirs());
        Assert.Equal((150000 - rows.Count(r => r % 2 == 1)).ToString(CultureInfo.InvariantCulture), SumTheirs().Split('|')[0]);

        string SumOurs(string where = "true") => _both.Lake.Rows(_both.Lake.Fresh().Latest()!, "count(*), sum(a)::BIGINT, sum(a * a % 1000003)::BIGINT, min(a), max(a)", $"WHERE {where}");
        string SumTheirs(string where = "true") => string.Join("|", _both.Peer.Ask($"SELECT count(), sum(a), sum(a * a % 1000003), min(a), max(a) FROM {_both.Of()} WHERE {where}").Rows[0].EnumerateArray());
    }

    [Theory]
    [InlineData("json", true)]
    [InlineData("json", false)]
    [InlineData("parquet", true)]
    [InlineData("classic", true)]
    public void Read_V2Checkpoints(string form, bool sidecars)
    {
        var table = new ForeignTable(_both.Lake);
        var add = JsonSerializer.Serialize(table.Add("part-1.parquet", "SELECT 1::BIGINT AS a"));
        string[] head = ["""{"checkpointMetadata":{"version":3,"tags":{}}}""", JsonSerializer.Serialize(Metadata), JsonSerializer.Serialize(ForeignTable.Protocol("v2Checkpoint")), """{"txn":{"appId":"app","version":9}}"""];
        if (sidecars)
        {
            var size = table.Parquet("_delta_log/_sidecars/016ae953-37a9-438e-8683-9a9a4a79a395.parquet",
                $"SELECT struct_pack(path := 'part-1.parquet', partitionValues := MAP([]::VARCHAR[], []::VARCHAR[]), size := {new FileInfo(Path.Combine(table.Folder, "part-1.parquet")).Length}::BIGINT, modificationTime := 5::BIGINT, dataChange := false) AS add, NULL::STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN) AS remove");
            head = [.. head, $$$"""{"sidecar":{"path":"016ae953-37a9-438e-8683-9a9a4a79a395.parquet","sizeInBytes":{{{size}}},"modificationTime":1512909768000,"tags":{} } }"""];
        }
        string[] lines = sidecars ? head : [.. head, add];
        if (form == "json") File.WriteAllLines(table.Log($"{3:D20}.checkpoint.{Uuid}.json"), lines);
        else
        {
            var file = Path.Combine(table.Folder, "lines.json");
            File.WriteAllLines(file, lines);
            table.Parquet($"_delta_log/{3:D20}.checkpoint.{(form == "classic" ? "" : Uuid + ".")}parquet", $"SELECT * FROM read_json('{file}', format='newline_delimited', columns={{{Columns}}})");
        }
        table.Entry(4, table.Add("part-2.parquet", "SELECT 2::BIGINT AS a"));
        Assert.Equal(["1", "2"], _both.Same());
        for (var i = 5; i <= 10; i++) _both.Lake.Append(_both.Lake.Fresh(), $"SELECT {i}::BIGINT AS a");
        Assert.True(File.Exists(table.Log($"{10:D20}.checkpoint.parquet")));
        Assert.Equal(8, _both.Same().Count);
    }

    [Fact]
    public void Read_CheckpointInParts()
    {
        for (var i = 0; i < 12; i++) _both.Lake.Append(_both.Lake.Table(), $"SELECT {i} AS a");
        _both.Lake.Tampered = true;
        var log = Path.Combine(_both.Lake.Table().Location, "_delta_log");
        var classic = Path.Combine(log, $"{10:D20}.checkpoint.parquet");
        string Part(int o) => Path.Combine(log, $"{10:D20}.checkpoint.{o:D10}.{2:D10}.parquet");
        _both.Lake.Session.Execute($"COPY (SELECT * FROM '{classic}' WHERE add IS NULL) TO '{Part(1)}' (FORMAT parquet)");
        _both.Lake.Session.Execute($"COPY (SELECT * FROM '{classic}' WHERE add IS NOT NULL) TO '{Part(2)}' (FORMAT parquet)");
        File.Delete(classic);
        File.Delete(Path.Combine(log, "_last_checkpoint"));
        foreach (var version in Enumerable.Range(0, 10)) File.Delete(Path.Combine(log, $"{version:D20}.json"));
        Assert.Equal(12, _both.Same().Count);
    }

    [Fact]
    public void Read_FilesWithNarrowerTypes()
    {
        var table = new ForeignTable(_both.Lake);
        table.Entry(0, ForeignTable.Protocol("typeWidening", "timestampNtz"), ForeignTable.Metadata(ForeignTable.Field("a", "long") + "," + ForeignTable.Field("f", "double") + "," + ForeignTable.Field("d", "decimal(20,4)")),
            table.Add("part-1.parquet", "SELECT 1::SMALLINT AS a, 1.5::FLOAT AS f, 1.25::DECIMAL(5,2) AS d"), table.Add("part-2.parquet", "SELECT 3000000000::BIGINT AS a, 0.1::DOUBLE AS f, 123456789012.1234::DECIMAL(20,4) AS d"));
        Assert.Equal(["1|1.5|1.25", "3000000000|0.1|123456789012.1234"], _both.Same());
    }

    /// <summary>Four bytes as five characters; zeros fill up the last four.</summary>
    private static string Z85(byte[] data)
    {
        const string Digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
        var text = new StringBuilder();
        foreach (var four in data.Chunk(4))
        {
            var number = BinaryPrimitives.ReadUInt32BigEndian([.. four, .. new byte[4 - four.Length]]);
            text.Append(string.Concat(Enumerable.Range(0, 5).Select(i => Digits[(int)(number / (uint)Math.Pow(85, 4 - i) % 85)])));
        }
        return text.ToString();
    }
}
