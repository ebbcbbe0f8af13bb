using System.IO.Compression;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Files that come packed.</summary>
public sealed class PackedFilesTests : IDisposable
{
    private const string Csv = """
        source_type: file_local
        format: csv
        error_handling: quarantine
        quarantine_path: quarantine/things
        config: { path: "data/*" }
        """;

    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private byte[] Zstd(string select)
    {
        var path = Path.Combine(_bench.Root, Guid.NewGuid().ToString("n") + ".csv.zst");
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        session.Execute($"COPY ({select}) TO {SqlText.Literal(path)} (FORMAT csv, COMPRESSION zstd)");
        return File.ReadAllBytes(path);
    }

    private void Zip(string name, params (string Member, string Text)[] members) => Zip(name, CompressionLevel.Optimal, members);

    private void Zip(string name, CompressionLevel level, params (string Member, string Text)[] members)
    {
        var path = _bench.Write(name, "");
        File.Delete(path);
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (member, text) in members)
        {
            using var writer = new StreamWriter(zip.CreateEntry(member, level).Open());
            writer.Write(text);
        }
    }

    [Fact]
    public async Task Zstd_SeveralFrames_AreReadToTheEnd()
    {
        _bench.Write("data/a.csv.zst", [.. Zstd("SELECT i AS id, 'name ' || i AS name FROM range(300000) t(i)"), .. Zstd("SELECT 300000 AS id, 'last' AS name")]);
        // The second frame's header is a record of its own.
        var outcome = await _bench.RunAsync(Csv);
        Assert.Equal(new RowCounts(300_002, 300_002), outcome.Counts);
        Assert.Equal(["300000|last"], _bench.Query("SELECT id, name FROM {t} WHERE name = 'last'"));
    }

    [Fact]
    public async Task Zstd_CutOffOrDamaged_IsRejectedAsAWhole()
    {
        var whole = Zstd("SELECT i AS id, hash(i) AS h FROM range(100000) t(i)");
        _bench.Write("data/a.csv", "id,h\n1,2\n");
        _bench.Write("data/b.csv.zst", whole[..(whole.Length / 2)]);
        var damaged = whole.ToArray();
        damaged.AsSpan(whole.Length / 3, 200).Fill(0xff);
        _bench.Write("data/c.csv.zst", damaged);
        Assert.Equal(new RowCounts(3, 1, 2), (await _bench.RunAsync(Csv)).Counts);
        Assert.Equal(["data/b.csv.zst|BROKEN_ARCHIVE|The file is damaged or cut off (zstd): The data ends within a frame."], _bench.Rejects("SELECT file, reason, message FROM {t} WHERE file LIKE '%b.csv%'"));
        Assert.Equal(["BROKEN_ARCHIVE"], _bench.Rejects("SELECT reason FROM {t} WHERE file LIKE '%c.csv%'"));
        Assert.Equal(["1|2"], _bench.Query("FROM {t}"));
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public async Task Zip_WithAByteThatChanged_IsRejectedThoughItUnpacks(CompressionLevel level)
    {
        // Numbers that hardly repeat: most of the packed bytes stand for one digit, and some changes give another digit without breaking anything else.
        var text = "id,h\n" + string.Concat(Enumerable.Range(0, 300).Select(i => $"{i},{(i * 7919L % 99991) * 1_000_003 % 9_999_991}\n"));
        Zip("all.zip", level, ("a.csv", text));
        var whole = await File.ReadAllBytesAsync(_bench.Write("sound.csv", text).Replace("sound.csv", "all.zip"), TestContext.Current.CancellationToken);
        _bench.Write("data/a.csv", "id,h\n1,2\n");
        _bench.Write("data/b.zip", Damaged(whole, text));
        Assert.Equal(new RowCounts(2, 1, 1), (await _bench.RunAsync(Csv)).Counts);
        Assert.Equal(["data/b.zip|BROKEN_ARCHIVE|true"], _bench.Rejects("SELECT file, reason, message LIKE 'The file is damaged or cut off (zip): the checksum of a.csv is ________, the archive''s directory says ________.' FROM {t}").Select(r => r.Replace("True", "true")));
        Assert.Equal(["1|2"], _bench.Query("FROM {t}"));
    }

    // Changes one byte so that the archive still unpacks, to as many bytes, and to others.
    private static byte[] Damaged(byte[] whole, string text)
    {
        for (var at = 40; at < whole.Length - 100; at++)
        {
            var tried = whole.ToArray();
            tried[at] ^= 1;
            try
            {
                using var zip = new ZipArchive(new MemoryStream(tried));
                using var reader = new StreamReader(zip.Entries[0].Open());
                var unpacked = reader.ReadToEnd();
                if (unpacked.Length == text.Length && unpacked != text && unpacked.All(char.IsAscii)) return tried;
            }
            catch (InvalidDataException) { /* This one is noticed by itself. */ }
        }
        throw new InvalidOperationException("no byte is such");
    }

    [Fact]
    public async Task Zip_LockedWithAPassword_SaysSo()
    {
        Zip("data/a.zip", ("a.csv", "id\n1\n"));
        var path = _bench.Write("data/b.csv", "id\n5\n").Replace("b.csv", "a.zip");
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        // The first bit of the flags, in the directory at the archive's end.
        bytes[bytes.AsSpan().LastIndexOf("PK\u0001\u0002"u8) + 8] |= 1;
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        Assert.Equal(new RowCounts(2, 1, 1), (await _bench.RunAsync(Csv)).Counts);
        Assert.Equal(["data/a.zip|LOCKED_ARCHIVE|a.csv in the archive is locked with a password."], _bench.Rejects("SELECT file, reason, message FROM {t}"));
    }

    [Fact]
    public async Task Zip_OfSeveralFiles_ReadsEachUnderItsName()
    {
        Zip("data/all.zip", ("2024/a.csv", "id,name\n1,Ann\n"), ("2024/b.csv", "name,id\nBob,2\nx\n"), ("__MACOSX/2024/._a.csv", "junk"), ("notes.txt", "read me"));
        var outcome = await _bench.RunAsync(Csv.Replace("data/*\"", "data/*\", members: \"*.csv\""));
        Assert.Equal(new RowCounts(3, 2, 1), outcome.Counts);
        Assert.Equal(["1|Ann|data/all.zip!/2024/a.csv|1", "2|Bob|data/all.zip!/2024/b.csv|1"], _bench.Query("SELECT id, name, _ff_file, _ff_record FROM {t} ORDER BY id", withReserved: true));
        Assert.Equal(["data/all.zip!/2024/b.csv|2|MISSING_COLUMNS"], _bench.Rejects("SELECT file, record, reason FROM {t}"));
        Assert.Equal(["data/all.zip|3"], _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.State!.FilesSeen.Select(f => $"{f.Path}|{f.Rows}"));
        Assert.Equal("nothing new", (await _bench.RunAsync(Csv.Replace("data/*\"", "data/*\", members: \"*.csv\""))).Note);
        // The member is found again.
        Assert.Equal(new RowCounts(1, 1), (await _bench.ReplayAsync(Csv.Replace("data/*\"", "data/*\", members: \"*.csv\", null_padding: true"))).Counts);
        Assert.Equal(3, _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.Rows);
    }

    [Fact]
    public async Task Zip_WithPackedOrNoFilesInside_IsRejected()
    {
        _bench.Write("data/a.csv", "id\n1\n");
        Zip("data/empty.zip");
        var path = _bench.Write("data/nested.zip", "");
        File.Delete(path);
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
        using (var inner = new GZipStream(zip.CreateEntry("x.csv.gz").Open(), CompressionMode.Compress)) inner.Write("id\n2\n"u8);
        Assert.Equal(new RowCounts(3, 1, 2), (await _bench.RunAsync(Csv)).Counts);
        Assert.Equal(["data/empty.zip|EMPTY_ARCHIVE|The archive holds no files.", "data/nested.zip|NESTED_ARCHIVE|x.csv.gz in the archive is packed itself."], _bench.Rejects("SELECT file, reason, message FROM {t} ORDER BY file"));
    }

    [Fact]
    public async Task Zip_OfWhichNoOrTwoFilesFit_IsRejected()
    {
        _bench.Write("data/a.csv", "id\n1\n");
        Zip("data/none.zip", ("x.txt", "id\n2\n"));
        Zip("data/twins.zip", ("x.csv", "id\n2\n"), ("x.csv", "id\n3\n"));
        var yaml = Csv.Replace("data/*\"", "data/*\", members: \"*.csv\"");
        Assert.Equal(new RowCounts(3, 1, 2), (await _bench.RunAsync(yaml)).Counts);
        Assert.Equal(["data/none.zip|EMPTY_ARCHIVE|The archive holds no files that fit members: *.csv.", "data/twins.zip|DUPLICATE_MEMBERS|The archive holds 2 files of the name x.csv."], _bench.Rejects("SELECT file, reason, message FROM {t} ORDER BY file"));
        Assert.Equal(new RowCounts(2, 1, 1), (await _bench.ReplayAsync(Csv)).Counts);
        Assert.Equal(["1", "2"], _bench.Query("SELECT id FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Zip_RejectedWhole_IsNotReplayedByItsFirstFile()
    {
        _bench.Write("data/a.csv", "id\n1\n");
        Zip("data/two.zip", ("x.csv", "id\n2\n"), ("y.csv", "id\n3\n"));
        await _bench.RunAsync(Csv.Replace("data/*\"", "data/*\", members: \"*.tsv\""));
        Assert.Equal(new RowCounts(1, 0, 1), (await _bench.ReplayAsync(Csv)).Counts);
        Assert.Equal(["1"], _bench.Query("SELECT id FROM {t}"));
        Assert.Equal(["data/two.zip|EMPTY_ARCHIVE|open"], _bench.Rejects("SELECT file, reason, status FROM {t}"));
    }

    [Fact]
    public async Task Archive_ThatBecomesFarLargerThanItIs_IsGivenUpEarly()
    {
        // 1.3 GB of one line, in about 1.3 MB.
        using (var file = File.Create(Path.Combine(Directory.CreateDirectory(Path.Combine(_bench.Workspace, "data")).FullName, "a.csv.gz")))
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
        {
            gzip.Write("id\n"u8);
            var block = new byte[1 << 20];
            block.AsSpan().Fill((byte)'1');
            for (var i = 0; i < block.Length; i += 512) block[i] = (byte)'\n';
            for (var i = 0; i < 1300; i++) gzip.Write(block);
        }
        _bench.Write("data/b.csv", "id\n1\n");
        var outcome = await _bench.RunAsync(Csv.Replace("data/*\"", "data/*\", max_unpack_ratio: 10"));
        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Matches("^UNPACKED_TOO_LARGE\\|The file has [0-9]+ bytes and becomes more than 1073741824 when it is unpacked\\.$", Assert.Single(_bench.Rejects("SELECT reason, message FROM {t}")));
    }
}
