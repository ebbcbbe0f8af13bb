using System.Text;
using FlowForge.Catalog;
using FlowForge.Ingest.Tests;

namespace FlowForge.Formats.Tests;

/// <summary>Avro container files, written by avsc, through a whole ingest.</summary>
public sealed class AvroTests(PeerFiles peers) : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Yaml(string more = "", string config = "") => $$"""
        source_type: file_local
        partition_mode: none
        error_handling: quarantine
        quarantine_path: quarantine/things
        {{more}}
        config: { path: "data/*.avro{,.gz,.zip}"{{(config.Length > 0 ? ", " + config : "")}} }
        """;

    private static string ByEnding => Yaml().Replace("{,.gz,.zip}", "", StringComparison.Ordinal);

    private Task<JobOutcome> RunAsync(string more = "", string config = "") => _bench.RunAsync(Yaml("format: avro\n" + more, config));

    [Theory]
    [InlineData("all.avro")]
    [InlineData("all-deflate.avro")]
    [InlineData("all-snappy.avro")]
    public async Task File_OfEveryType_KeepsTypesAndValues(string file)
    {
        _bench.Write("data/all.avro", peers[file]);
        Assert.Equal(new RowCounts(4, 4), (await RunAsync()).Counts);
        Assert.Equal("id BIGINT, int_v INTEGER, truth BOOLEAN, f FLOAT, d DOUBLE, text VARCHAR, bin BLOB, fix BLOB, colour VARCHAR, day DATE, at_ms TIMESTAMPTZ, at_us TIMESTAMPTZ, local_us TIMESTAMP, "
            + "clock_ms VARCHAR, clock_us VARCHAR, amount DECIMAL(10,2), amount_fixed DECIMAL(38,4), huge VARCHAR, key VARCHAR, span VARCHAR, tags VARCHAR[], counts MAP(VARCHAR, INTEGER), inner STRUCT(\"x\" INTEGER, \"again\" VARCHAR), mixed VARCHAR, nothing VARCHAR", _bench.Schema());
        Assert.Equal(
        [
            "1|-7|True|0.5|0.1|größe ✓|00FF|abcd|GREEN|2024-02-29|2024-02-29 12:34:56.789|2024-02-29 12:34:56.789123|2024-02-29 12:34:56.000001|01:02:03.004|01:02:03.000004|-123.45|123456789012345678901234567890.1234|-10000000000000000000000000000000000000000000.5|6f9619ff-8b86-d011-b42d-00c04fc964ff|1 year 2 months 3 days 00:00:04.005|[a, 'b\"c']|{one=1}|5|RED|3|NULL",
        ],
        _bench.Query("SELECT id, int_v, truth, f, d, text, hex(bin), CAST(fix AS VARCHAR), colour, day, at_ms, at_us, local_us, clock_ms, clock_us, amount, amount_fixed, huge, key, span, CAST(tags AS VARCHAR), CAST(counts AS VARCHAR), \"inner\".x, \"inner\".again, mixed, nothing FROM {t} WHERE id = 1"));
        Assert.Equal(["9007199254740990|NULL|0.00|[]|{}|NULL|plain", "3|größe ✓|-123.45|[a, 'b\"c']|{one=1}|RED|{\"y\":\"z\"}", "4|größe ✓|-123.45|[a, 'b\"c']|{one=1}|RED|NULL"],
            _bench.Query("SELECT id, text, amount, CAST(tags AS VARCHAR), CAST(counts AS VARCHAR), \"inner\".again, mixed FROM {t} WHERE id > 1 ORDER BY _ff_record", withReserved: true));
    }

    [Fact]
    public async Task Files_OfSeveralSchemas_AreUnitedByName_AndKnownByTheirEnding()
    {
        _bench.Write("data/a.avro", peers["small.avro"]);
        _bench.Write("data/b.avro", peers["wider.avro"]);
        _bench.Write("data/c.avro", peers["zero.avro"]);
        Assert.Equal(new RowCounts(5001, 5001), (await _bench.RunAsync(ByEnding)).Counts);
        Assert.Equal("id DOUBLE, name VARCHAR, more BOOLEAN", _bench.Schema());
        Assert.Equal(["data/a.avro|1|0|name 0|NULL", "data/a.avro|5000|4999|name 4999|NULL", "data/b.avro|1|0.5|wide|True"],
            _bench.Query("SELECT _ff_file, _ff_record, id, name, more FROM {t} WHERE _ff_record IN (1, 5000) ORDER BY 1, 2", withReserved: true));
        // The next run finds nothing new; a file more is added to the table as it is.
        Assert.Equal("nothing new", (await _bench.RunAsync(ByEnding)).Note);
        _bench.Write("data/d.avro", peers["bare.avro"]);
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(ByEnding)).Counts);
        Assert.Equal("id DOUBLE, name VARCHAR, more BOOLEAN, value VARCHAR", _bench.Schema());
    }

    [Fact]
    public async Task File_WithoutRecords_HasColumnsAllTheSame()
    {
        _bench.Write("data/a.avro", peers["none.avro"]);
        Assert.Equal(new RowCounts(0, 0), (await RunAsync()).Counts);
        Assert.StartsWith("id BIGINT, int_v INTEGER, truth BOOLEAN", _bench.Schema(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packed_AndInArchives_IsReadAsWell()
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(peers["small.avro"]);
        _bench.Write("data/a.avro.gz", packed.ToArray());
        using var zip = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(zip, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
            foreach (var name in new[] { "x.avro", "y.avro" })
                using (var member = archive.CreateEntry(name).Open()) member.Write(peers["wider.avro"]);
        _bench.Write("data/b.avro.zip", zip.ToArray());
        Assert.Equal(new RowCounts(5002, 5002), (await RunAsync()).Counts);
        Assert.Equal(["data/a.avro.gz", "data/b.avro.zip!/x.avro", "data/b.avro.zip!/y.avro"], _bench.Query("SELECT DISTINCT _ff_file FROM {t} ORDER BY 1", withReserved: true));
    }

    [Fact]
    public async Task UserSchema_IsAContract_AndRejectsAreReplayedByNumber()
    {
        _bench.Write("data/a.avro", peers["small.avro"]);
        string Schema(string type) => $"schema_mode: user\nuser_schema: [ {{ name: id, type: {type} }}, {{ name: name, type: varchar }} ]";
        Assert.Equal(new RowCounts(5000, 128, 4872), (await RunAsync(Schema("tinyint"))).Counts);
        Assert.Equal(["129|WRONG_TYPE|\"128\" is no TINYINT.|id|{\"id\":128,\"name\":\"name 128\"}"], _bench.Rejects("SELECT record, reason, message, column_name, raw FROM {t} ORDER BY record LIMIT 1"));
        Assert.Equal(new RowCounts(4872, 4872), (await _bench.ReplayAsync(Yaml("format: avro\n" + Schema("int")))).Counts);
        Assert.Equal(["5000|12497500|5000"], _bench.Query("SELECT count(*), sum(id), max(_ff_record) FROM {t}", withReserved: true));
    }

    [Fact]
    public async Task BrokenFiles_AreRejectedAsAWhole_OthersGoOn()
    {
        var sound = peers["small.avro"];
        _bench.Write("data/cut.avro", sound[..(sound.Length / 2)]);
        _bench.Write("data/recursive.avro", peers["recursive.avro"]);
        _bench.Write("data/text.avro", "id,name\n1,a\n");
        _bench.Write("data/z.avro", sound);
        Assert.Equal(new RowCounts(5003, 5000, 3), (await RunAsync()).Counts);
        Assert.Equal(["data/cut.avro|BROKEN_AVRO|NULL", "data/recursive.avro|RECURSIVE_SCHEMA|The type Node of the file's schema holds itself; a table cannot have such a column.", "data/text.avro|BROKEN_AVRO|The file does not begin as an Avro object container file does."],
            _bench.Rejects("SELECT file, reason, CASE WHEN file LIKE '%cut%' THEN NULL ELSE message END FROM {t} ORDER BY file"));
    }

    [Fact]
    public async Task DamagedBlock_CostsItsRecords_NotTheFile()
    {
        var bytes = peers["all-deflate.avro"];
        // Into the packed block: behind the header and the block's own count and size, before the mark at the end.
        bytes[^60] ^= 0xff;
        _bench.Write("data/a.avro", bytes);
        _bench.Write("data/b.avro", peers["all.avro"]);
        var outcome = await RunAsync();
        Assert.Equal(8, outcome.Counts.Read);
        Assert.True(outcome.Counts.Balanced && outcome.Counts.Rejected is > 0 and <= 4, outcome.Counts.ToString());
        Assert.Equal(["0"], _bench.Rejects("SELECT count(*) FROM {t} WHERE file <> 'data/a.avro' OR reason NOT IN ('BROKEN_RECORD', 'LOST_RECORD')"));
    }

    [Fact]
    public async Task BrokenText_RejectsItsRecordAlone()
    {
        var bytes = peers["small.avro"];
        var at = bytes.AsSpan().IndexOf("name 77"u8);
        bytes[at] = 0xff;
        _bench.Write("data/a.avro", bytes);
        Assert.Equal(new RowCounts(5000, 4999, 1), (await RunAsync()).Counts);
        Assert.Equal(["78|BROKEN_RECORD|The text is not valid UTF-8.|name"], _bench.Rejects("SELECT record, reason, message, column_name FROM {t}"));
        Assert.Equal(["79|78"], _bench.Query("SELECT _ff_record, id FROM {t} WHERE id = 78", withReserved: true));
        // A replay by number finds it as broken as before.
        Assert.Equal(new RowCounts(1, 0, 1), (await _bench.ReplayAsync(Yaml("format: avro"))).Counts);
    }

    private static byte[] Number(long value)
    {
        var bytes = new List<byte>();
        var left = (ulong)((value << 1) ^ (value >> 63));
        for (; left >= 0x80; left >>= 7) bytes.Add((byte)(left | 0x80));
        return [.. bytes, (byte)left];
    }

    private static byte[] Container(string schema, string codec, long records, byte[] block)
    {
        byte[] Text(string text) => [.. Number(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];
        var mark = new byte[16];
        return [.. "Obj\u0001"u8, .. Number(2), .. Text("avro.schema"), .. Text(schema), .. Text("avro.codec"), .. Text(codec), 0, .. mark, .. Number(records), .. Number(block.Length), .. block, .. mark];
    }

    [Fact]
    public async Task SmallFiles_ThatBecomeHuge_AreRefused()
    {
        var fields = Enumerable.Range(1, 40).Select(i => $$$"""{"name":"f{{{i}}}","type":{"type":"record","name":"A{{{i}}}","fields":[{"name":"a","type":"A{{{i - 1}}}"},{"name":"b","type":"A{{{i - 1}}}"}]}}""");
        _bench.Write("data/a.avro", Container($$$"""{"type":"record","name":"R","fields":[{"name":"f0","type":{"type":"record","name":"A0","fields":[{"name":"x","type":"int"}]}},{{{string.Join(',', fields)}}}]}""", "null", 0, []));
        _bench.Write("data/b.avro", Container("""{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"array","items":"null"}}]}""", "null", 1, [.. Number(50_000_000), 0]));
        _bench.Write("data/c.avro", Container("""{"type":"record","name":"R","fields":[{"name":"x","type":"int"}]}""", "snappy", 1_000_000, new byte[24]));
        _bench.Write("data/d.avro", Container("""{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"array","items":"null"}},{"name":"n","type":"null"}]}""", "null", 2, [.. Number(3), 0, 0]));
        Assert.Equal(new RowCounts(5, 2, 3), (await RunAsync()).Counts);
        Assert.Equal(["data/a.avro|SCHEMA_TOO_LARGE", "data/b.avro|BROKEN_RECORD", "data/c.avro|BROKEN_AVRO"], _bench.Rejects("SELECT file, reason FROM {t} ORDER BY file"));
    }

    [Fact]
    public async Task Trace_LeadsBackToTheRecord()
    {
        _bench.Write("data/a.avro", peers["small.avro"]);
        await RunAsync();
        var trace = _bench.Runner.Trace(Bench.Job(Yaml("format: avro")), "test", "things", new Lake.TableName(Lake.Layer.Bronze, "things"), "run-1", "data/a.avro", 4321, TestContext.Current.CancellationToken);
        Assert.Equal("{\"id\":4320,\"name\":\"name 4320\"}", trace.Raw);
    }

    [Fact]
    public async Task Settings_AreCheckedWithTheirFormat()
    {
        _bench.Write("data/a.avro", peers["small.avro"]);
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => RunAsync(config: "max_block_bytes: 1"));
        Assert.Contains("'max_block_bytes' must be at least 65536, but is 1.", failure.Message, StringComparison.Ordinal);
        var unknown = await Assert.ThrowsAsync<JobFailedException>(() => RunAsync(config: "sheet: x"));
        Assert.Contains("'sheet' is not a setting of 'file'.", unknown.Message, StringComparison.Ordinal);
    }
}
