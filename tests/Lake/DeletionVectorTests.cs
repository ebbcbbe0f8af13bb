namespace FlowForge.Lake.Tests;

public sealed class DeletionVectorTests : IDisposable
{
    private const string ProtocolsOwn = "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L";
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    private string Left(string rest = "") => lake.Rows(lake.Fresh().Latest()!, "count(*), sum(a), min(a), max(a)", rest);

    private ForeignTable Table(object vector, int rows, params object[] more)
    {
        var table = new ForeignTable(lake);
        table.Entry(0, ForeignTable.Protocol("deletionVectors"), ForeignTable.Metadata(ForeignTable.Field("a", "long"), null, new Dictionary<string, string> { ["delta.enableDeletionVectors"] = "true" }),
            table.Add("part-1.parquet", $"SELECT i AS a FROM range({rows}) t(i)", ", ROW_GROUP_SIZE 2048", null, $$"""{"numRecords":{{rows}}}""", vector));
        if (more.Length > 0) table.Entry(1, more);
        return table;
    }

    private static object Inline(string text, int size, long cardinality) => new { storageType = "i", pathOrInlineDv = text, sizeInBytes = size, cardinality };

    [Fact]
    public void Scan_TheProtocolsInlineExample_LeavesItsRowsOut()
    {
        Table(Inline(ProtocolsOwn, 40, 6), 30);
        Assert.Equal("0,1,2,5,6,8,9,10,12,13,14,15,16,17,19,20,21,22,23,24,25,26,27,28", lake.Rows(lake.Fresh().Latest()!, "string_agg(a, ',' ORDER BY a)"));
        Assert.Equal(24, lake.Fresh().Latest()!.Rows);
    }

    [Fact]
    public void FileUri_TheProtocolsRelativeExample_IsItsPath() =>
        Assert.Equal("ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin", new Log.DeletionVector("u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6).FileUri);

    [Theory]
    [InlineData("u")]
    [InlineData("p")]
    public void Scan_VectorInAFile_EveryKindOfContainer(string storage)
    {
        // An array, a bitmap and runs, in one vector behind another one.
        var rows = new List<long> { 0, 1, 70000 };
        rows.AddRange(Enumerable.Range(131072, 30000).Where(i => i % 3 != 0).Select(i => (long)i));
        rows.AddRange(Enumerable.Range(200000, 5000).Select(i => (long)i));
        var first = Vectors.Portable([5]);
        var second = Vectors.Portable(rows);
        var file = Path.Combine(lake.Folder, "bronze", "t", "xy", "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, [1, .. Vectors.Framed(first), .. Vectors.Framed(second)]);
        Table(new { storageType = storage, pathOrInlineDv = storage == "u" ? "xy^-aqEH.-t@S}K{vb[*k^" : "file://" + file, offset = 1 + first.Length + 8, sizeInBytes = second.Length, cardinality = rows.Count }, 300000);
        var gone = rows.ToHashSet();
        var left = Enumerable.Range(0, 300000).Select(i => (long)i).Where(i => !gone.Contains(i)).ToList();
        Assert.Equal($"{left.Count}|{left.Sum()}|2|299999", Left());
        Assert.Equal("0|∅|∅|∅", Left("WHERE a IN (0, 70000, 200000, 204999)"));
        Assert.Equal("2|404998|199998|205000", Left("WHERE a IN (199998, 205000)"));
    }

    [Fact]
    public void Scan_DamagedVector_IsRefusedAndSaysWhy()
    {
        Table(Inline(ProtocolsOwn, 40, 7), 30);
        Assert.Equal("The deletion vector of part-1.parquet cannot be read: it marks 6 rows, the log says 7. Without it deleted rows would come back, so the table is not read. Restore the file from a backup.",
            Assert.Throws<LakeException>(() => lake.Fresh().Latest()!.ScanSql()).Message);
        var table = Table(new { storageType = "u", pathOrInlineDv = "^-aqEH.-t@S}K{vb[*k^", offset = 1, sizeInBytes = 40, cardinality = 1 }, 30);
        Assert.StartsWith("The deletion vector of part-1.parquet cannot be read: Could not find file", Assert.Throws<LakeException>(() => lake.Fresh().Latest()!.ScanSql()).Message);
        var bytes = Vectors.Framed(Vectors.Portable([3]));
        bytes[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(table.Folder, "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"), [1, .. bytes]);
        table = Table(new { storageType = "u", pathOrInlineDv = "^-aqEH.-t@S}K{vb[*k^", offset = 1, sizeInBytes = bytes.Length - 8, cardinality = 1 }, 30);
        Assert.Contains("its checksum is wrong", Assert.Throws<LakeException>(() => lake.Fresh().Latest()!.ScanSql()).Message);
        for (var cut = 0; cut < 40; cut += 5)
            Assert.Throws<LakeException>(() => Reading.DeletedRows.Read(lake.Table().Files, new Log.DeletionVector("i", ProtocolsOwn[..(cut / 5 * 5)], null, cut / 5 * 4, 6), "f"));
    }

    [Fact]
    public void MergeDeleteRestoreVacuum_TableWithVectors_KeepTheRowsRight()
    {
        var bytes = Vectors.Portable([1, 2]);
        var name = "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin";
        var vector = new { storageType = "u", pathOrInlineDv = "^-aqEH.-t@S}K{vb[*k^", offset = 1, sizeInBytes = bytes.Length, cardinality = 2 };
        var table = new ForeignTable(lake);
        File.WriteAllBytes(Path.Combine(table.Folder, name), [1, .. Vectors.Framed(bytes)]);
        var stats = """{"numRecords":5}""";
        table.Entry(0, ForeignTable.Protocol("deletionVectors"), ForeignTable.Metadata(ForeignTable.Field("a", "long")), table.Add("part-1.parquet", "SELECT i AS a FROM range(5) t(i)", stats: stats));
        table.Entry(1, """{"remove":{"path":"part-1.parquet","deletionTimestamp":1700000000000,"dataChange":true}}""", table.Add("part-1.parquet", "SELECT i AS a FROM range(5) t(i)", stats: stats, vector: vector));
        Assert.Equal(("5", "3|7|0|4"), (lake.Rows(lake.Fresh().At(0)!, "count(*)"), Left()));

        // Back to before the deletion, and forth again.
        lake.Fresh().Restore(0);
        Assert.Equal("5|10|0|4", Left());
        lake.Fresh().Restore(1);
        Assert.Equal("3|7|0|4", Left());
        File.SetLastWriteTimeUtc(Path.Combine(table.Folder, name), DateTime.UtcNow.AddDays(-30));
        File.SetLastWriteTimeUtc(Path.Combine(table.Folder, "part-1.parquet"), DateTime.UtcNow.AddDays(-30));
        Assert.Empty(lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero }).Files);

        for (var i = 4; i < 12; i++) lake.Append(lake.Fresh(), $"SELECT {i * 100} AS a");
        Assert.True(File.Exists(table.Log($"{10:D20}.checkpoint.parquet")));
        Assert.Equal("11|6007|0|1100", Left());
        using (var transaction = lake.Fresh().Begin())
        {
            // Row 2 is gone already, so it is inserted; row 3 is updated to itself.
            var counts = transaction.Merge(lake.Session, "SELECT 2 AS a UNION ALL SELECT 3", new MergeOptions { Keys = ["a"] });
            Assert.Equal((1, 1), (counts.Inserted, counts.Unchanged));
            transaction.Commit(new CommitOptions());
        }
        using (var transaction = lake.Fresh().Begin())
        {
            Assert.Equal(3, transaction.Delete(lake.Session, "a < 4"));
            transaction.Commit(new CommitOptions());
        }
        Assert.Equal("9|6004|4|1100", Left());
        Assert.Equal([name, "part-1.parquet"], lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero, DryRun = true }).Files.Intersect([name, "part-1.parquet"]));
    }
}
