using FlowForge.Lake;

namespace FlowForge.Interop.Tests;

/// <summary>Values of every type, as the other program reads them.</summary>
public sealed class ValueTests(DeltaPeer peer) : IDisposable
{
    private readonly PeerLake _both = new(peer);

    public void Dispose() => _both.Dispose();

    [Fact]
    public void Read_SimpleTypes_HaveEveryValueToTheLastBit()
    {
        _both.Lake.Append(_both.Lake.Table(), """
            SELECT * FROM (VALUES
              (0, true, 127::TINYINT, 32767::SMALLINT, 2147483647::INTEGER, 9223372036854775807::BIGINT, 'nan'::FLOAT, 'nan'::DOUBLE),
              (1, false, (-128)::TINYINT, (-32768)::SMALLINT, (-2147483648)::INTEGER, (-9223372036854775808)::BIGINT, 'inf'::FLOAT, 'inf'::DOUBLE),
              (2, NULL, NULL, NULL, NULL, NULL, '-inf'::FLOAT, '-inf'::DOUBLE),
              (3, NULL, 0, 0, 0, 0, '-0.0'::FLOAT, '-0.0'::DOUBLE),
              (4, NULL, 0, 0, 0, 0, '3.4028235e38'::FLOAT, '1.7976931348623157e308'::DOUBLE),
              (5, NULL, 0, 0, 0, 0, '1e-45'::FLOAT, '5e-324'::DOUBLE),
              (6, NULL, 0, 0, 0, 0, '0.1'::FLOAT, '0.1'::DOUBLE),
              (7, NULL, 0, 0, 0, 0, NULL, NULL)) t(i, b, i8, i16, i32, i64, f, d)
            """);
        Assert.Equal(
        [
            "0|true|127|32767|2147483647|9223372036854775807|NaN|NaN", "1|false|-128|-32768|-2147483648|-9223372036854775808|Infinity|Infinity", "2|∅|∅|∅|∅|∅|-Infinity|-Infinity",
            "3|∅|0|0|0|0|-0|-0", "4|∅|0|0|0|0|3.4028235E+38|1.7976931348623157E+308", "5|∅|0|0|0|0|1E-45|5E-324", "6|∅|0|0|0|0|0.1|0.1", "7|∅|0|0|0|0|∅|∅",
        ], _both.Same());
        _both.SameWithoutKernel();
    }

    [Fact]
    public void Read_DecimalsOfEveryPrecision_AreExact()
    {
        string Of(int precision, int scale, string sign) => $"'{sign}{new string('9', precision - scale)}{(scale > 0 ? "." + new string('9', scale) : "")}'::DECIMAL({precision},{scale})";
        string Row(string sign) => string.Join(", ", Enumerable.Range(1, 38).SelectMany(p => new[] { 0, p / 2, p }.Distinct().Select(s => $"{Of(p, s, sign)} AS d{p}_{s}")));
        _both.Lake.Append(_both.Lake.Table(), $"SELECT {Row("")} UNION ALL SELECT {Row("-")} UNION ALL SELECT {string.Join(", ", Enumerable.Repeat("NULL", Row("").Split(" AS ").Length - 1))}");
        var rows = _both.Same();
        Assert.Equal(3, rows.Count);
        Assert.Contains("|99999999999999999999999999999999999999|", rows.Single(r => r.StartsWith('9')), StringComparison.Ordinal);
        Assert.EndsWith("|-0.99999999999999999999999999999999999999", rows.Single(r => r.StartsWith('-')), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DatesAndTimes_ToTheMicrosecond()
    {
        _both.Lake.Append(_both.Lake.Table(), """
            SELECT * FROM (VALUES
              (DATE '1900-01-01', TIMESTAMP '1900-01-01 00:00:00', TIMESTAMPTZ '1900-01-01 00:00:00+00'),
              (DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59.999999', TIMESTAMPTZ '1969-12-31 23:59:59.999999+00'),
              (DATE '1970-01-01', TIMESTAMP '1970-01-01 00:00:00', TIMESTAMPTZ '1970-01-01 00:00:00.000001+00'),
              (DATE '2024-02-29', TIMESTAMP '2024-02-29 12:34:56.123456', TIMESTAMPTZ '2024-03-31 02:30:00.5+02'),
              (DATE '2299-12-31', TIMESTAMP '2262-04-11 23:47:16.854775', TIMESTAMPTZ '2262-04-11 23:47:16.854775+00'),
              (NULL, NULL, NULL)) t(d, ntz, tz)
            """);
        Assert.Equal(
        [
            "1900-01-01|1900-01-01 00:00:00.000000|1900-01-01 00:00:00.000000", "1969-12-31|1969-12-31 23:59:59.999999|1969-12-31 23:59:59.999999", "1970-01-01|1970-01-01 00:00:00.000000|1970-01-01 00:00:00.000001",
            "2024-02-29|2024-02-29 12:34:56.123456|2024-03-31 00:30:00.500000", "2299-12-31|2262-04-11 23:47:16.854775|2262-04-11 23:47:16.854775", "∅|∅|∅",
        ], _both.Same());
        _both.SameWithoutKernel();
    }

    [Fact]
    public void Read_TimesBeyondThePeersOwnTypes_AreThereInTheFiles()
    {
        _both.Lake.Append(_both.Lake.Table(), """
            SELECT * FROM (VALUES
              (DATE '0001-01-01', TIMESTAMP '0001-01-01 00:00:00', TIMESTAMPTZ '0001-01-01 00:00:00.000001+00'),
              (DATE '9999-12-31', TIMESTAMP '9999-12-31 23:59:59.999999', TIMESTAMPTZ '9999-12-31 23:59:59.9995+00')) t(d, ntz, tz)
            """);
        // Its instants are 64 bits beyond the years that it can show; its dates end, and it says so.
        Assert.Equal("-62135596800000000|-62135596799999999\n253402300799999999|253402300799999500",
            string.Join("\n", _both.Peer.Ask($"SELECT toUnixTimestamp64Micro(ntz), toUnixTimestamp64Micro(tz) FROM {_both.Of()} ORDER BY 1").Rows.Select(r => $"{r[0]}|{r[1]}")));
        Assert.Contains("is out of allowed Date32 range", Assert.Throws<PeerException>(() => _both.Peer.Ask($"SELECT d FROM {_both.Of()}")).Message, StringComparison.Ordinal);
        var file = Path.Combine(_both.Lake.Table().Location, _both.Lake.Table().Latest()!.Files[0].Path);
        Assert.Equal("-719162, 2932896", string.Join(", ", _both.Peer.Ask($"SELECT d FROM file({PeerLake.Quote(file)}, Parquet, 'd Int32') ORDER BY d").Rows.Select(r => r[0].ToString())));
        Assert.Equal("1", _both.Peer.Value($"SELECT count() FROM {_both.Of()} WHERE ntz > '2100-01-01 00:00:00'"));
    }

    [Fact]
    public void Read_TextsAndBinaries_KeepEveryByte()
    {
        _both.Lake.Append(_both.Lake.Table(), """
            SELECT 0 AS i, 'ü€😀 \ " '' tab' || chr(9) || chr(10) || chr(13) AS s, '\x00\xff\xfe"\x0a'::BLOB AS b UNION ALL SELECT 1, '', ''::BLOB UNION ALL SELECT 2, 'a' || chr(0) || 'b', NULL
            UNION ALL SELECT 3, NULL, 'ab'::BLOB UNION ALL SELECT 4, repeat('long ü', 20000), repeat('x', 100000)::BLOB UNION ALL SELECT 5, ' padded ', ' '::BLOB UNION ALL SELECT 6, 'é', 'NULL'::BLOB
            """);
        var rows = _both.Same();
        Assert.Equal("0|\"\\u00FC\\u20AC\\uD83D\\uDE00 \\\\ \\u0022 \\u0027 tab\\t\\n\\r\"|00fffe220a", rows[0]);
        Assert.Equal(["1|\"\"|", "2|\"a\\u0000b\"|∅", "3|∅|6162"], rows[1..4]);
    }

    [Fact]
    public void Read_NestedTypes_WithNullsAtEveryLevel()
    {
        _both.Lake.Append(_both.Lake.Table(), """
            SELECT * FROM (VALUES
              (0, {'x': 1, 'y': [1, NULL], 's': {'t': 'deep', 'n': NULL::INTEGER}}, [{'k': 'v', 'b': '\xff'::BLOB}, {'k': NULL, 'b': NULL::BLOB}], MAP {'a': 1.5::DOUBLE, 'b': NULL}, [[1, NULL], [], NULL]),
              (1, {'x': NULL, 'y': NULL, 's': NULL}, [], MAP {}, []),
              (2, NULL, NULL, NULL, NULL),
              (3, {'x': 3, 'y': [], 's': {'t': NULL, 'n': 1}}, [NULL, {'k': '', 'b': ''::BLOB}], MAP {'': 'nan'::DOUBLE}, [[3, 4], [5]])) t(i, st, li, mp, ll)
            """);
        var rows = _both.Same();
        Assert.Equal("0|{1, [1, ∅], {\"deep\", ∅}}|[{\"v\", ff}, {∅, ∅}]|<\"a\": 1.5, \"b\": ∅>|[[1, ∅], [], []]", rows[0]);
    }

    [Fact]
    public void Read_NestedInNested()
    {
        _both.Lake.Append(_both.Lake.Table(), """
            SELECT i, MAP {'k' || i: [{'d': 1.5::DECIMAL(38,10) * i, 't': TIMESTAMP '2020-01-01' + INTERVAL (i) HOUR, 'm': MAP {i: {'z': i}}}]} AS m, [[MAP {i: 'x'}]] AS l,
            {'a': {'b': {'c': [{'d': [i, NULL]}]}}} AS s FROM range(5000) t(i)
            """, new WriteOptions());
        Assert.Equal(5000, _both.Same().Count);
    }

    [Fact]
    public void Read_TypesThatDeltaLacks_AreTheNearest()
    {
        _both.Lake.Append(_both.Lake.Table(), """
            SELECT 5::UTINYINT AS u8, 6::USMALLINT AS u16, 4294967295::UINTEGER AS u32, 18446744073709551615::UBIGINT AS u64, 170141183460469231731687303715884::HUGEINT AS i128,
            TIMESTAMP_NS '2024-02-29 12:34:56.123456789' AS ns, TIMESTAMP_S '2024-02-29 12:34:56' AS sec, TIME '01:02:03' AS ti, INTERVAL 3 DAY AS iv, '6f1f9c30-7b6e-4c5a-9a50-0123456789ab'::UUID AS uu,
            NULL AS nothing, 'e'::ENUM('e', 'f)') AS en, '{"a":1}'::JSON AS js, '10110'::BIT AS bits, [1,2,3]::INTEGER[3] AS fixed
            """);
        _both.Same();
    }
}
