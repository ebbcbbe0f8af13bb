using System.Text;
using FlowForge.Catalog;
using FlowForge.Ingest.Tests;

namespace FlowForge.Formats.Tests;

/// <summary>XML files through a whole ingest.</summary>
public sealed class XmlTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Yaml(string config = "", string more = "") => $$"""
        source_type: file_local
        partition_mode: none
        error_handling: quarantine
        quarantine_path: quarantine/things
        {{more}}
        config: { path: "data/*.xml"{{(config.Length > 0 ? ", " + config : "")}} }
        """;

    private Task<JobOutcome> RunAsync(string config = "", string more = "") => _bench.RunAsync(Yaml(config, more));

    private const string Orders = """
        <?xml version="1.0" encoding="utf-8"?>
        <!-- two orders -->
        <orders xmlns="urn:shop" xmlns:x="urn:extra">
          <order id="1" x:kind="a">
            <customer><name>Ärger &amp; Söhne</name><zip>01234</zip></customer>
            <total currency="EUR">12.50</total><paid>true</paid><when>2024-02-29</when>
            <item><sku>A</sku><n>1</n></item><item><sku>B</sku><n>2</n></item>
            <x:note><![CDATA[a < b]]></x:note>
          </order>
          <order id="2"><total currency="USD">7</total><paid>false</paid><when>2024-03-01</when><item><sku>C</sku><n>3</n></item><x:note/></order>
        </orders>
        """;

    [Fact]
    public async Task Elements_BecomeRows_WithTypesFound()
    {
        _bench.Write("data/a.xml", Orders);
        Assert.Equal(new RowCounts(2, 2), (await RunAsync("nested: flatten, record_path: /orders/order, lists: [item]")).Counts);
        Assert.Equal("id BIGINT, kind VARCHAR, customer_name VARCHAR, customer_zip VARCHAR, total_currency VARCHAR, total_text DOUBLE, paid BOOLEAN, when DATE, item JSON, note VARCHAR", _bench.Schema().Replace("item VARCHAR", "item JSON", StringComparison.Ordinal));
        Assert.Equal(["1|a|Ärger & Söhne|01234|EUR|12.5|True|2024-02-29|a < b|data/a.xml|1", "2|NULL|NULL|NULL|USD|7|False|2024-03-01|NULL|data/a.xml|2"],
            _bench.Query("SELECT id, kind, customer_name, customer_zip, total_currency, total_text, paid, \"when\", note, _ff_file, _ff_record FROM {t} ORDER BY id", withReserved: true));
    }

    [Fact]
    public async Task Lists_BecomeTablesOfTheirOwn()
    {
        _bench.Write("data/a.xml", Orders);
        await RunAsync("nested: split, lists: [item]");
        Assert.Equal(["1|A|1", "1|B|2", "2|C|3"], _bench.Query("SELECT _ff_record, sku, n FROM {t} ORDER BY sku", "things__item", withReserved: true));
    }

    [Theory]
    [InlineData("record_path: order", 2)]
    [InlineData("record_path: //item", 3)]
    [InlineData("record_path: /orders/*/item", 3)]
    [InlineData("record_path: /orders", 1)]
    [InlineData("record_path: /order", 0)]
    [InlineData("", 2)]
    public async Task RecordPath_ChoosesElements(string config, int records)
    {
        _bench.Write("data/a.xml", Orders);
        Assert.Equal(new RowCounts(records, records), (await RunAsync(config)).Counts);
    }

    [Fact]
    public async Task Encodings_AreThoseThatTheFileDeclares()
    {
        _bench.Write("data/a.xml", Encoding.Latin1.GetBytes("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><r><e><v>é</v></e></r>"));
        _bench.Write("data/b.xml", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("<r><e><v>日本</v></e></r>")]);
        Assert.Equal(new RowCounts(2, 2), (await RunAsync()).Counts);
        Assert.Equal(["é", "日本"], _bench.Query("SELECT v FROM {t} ORDER BY v"));
    }

    [Fact]
    public async Task EntitiesAndDoctypes_AreRefused()
    {
        _bench.Write("data/bomb.xml", "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><r><e><v>&b;</v></e></r>");
        _bench.Write("data/outside.xml", "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><r><e><v>&x;</v></e></r>");
        _bench.Write("data/plain.xml", "<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/r.dtd\"><r><e><v>ok</v></e></r>");
        Assert.Equal(new RowCounts(3, 0, 3), (await RunAsync()).Counts);
        Assert.Equal(["data/bomb.xml|DOCTYPE_REFUSED", "data/outside.xml|DOCTYPE_REFUSED", "data/plain.xml|DOCTYPE_REFUSED"], _bench.Rejects("SELECT file, reason FROM {t} ORDER BY file"));
        // Passed over, it still brings nothing in.
        Assert.Equal(new RowCounts(3, 1, 2), (await RunAsync("allow_doctype: true")).Counts);
        Assert.Equal(["ok"], _bench.Query("SELECT v FROM {t}"));
    }

    [Fact]
    public async Task DamagedFile_IsRejectedAsAWhole_OthersGoOn()
    {
        _bench.Write("data/cut.xml", "<r><e><v>1</v></e><e><v>2</v>");
        _bench.Write("data/good.xml", "<r><e><v>3</v></e></r>");
        Assert.Equal(new RowCounts(2, 1, 1), (await RunAsync()).Counts);
        Assert.Equal(["3"], _bench.Query("SELECT v FROM {t}"));
        Assert.StartsWith("BROKEN_XML|The file is no well-formed XML: Unexpected end of file has occurred.", _bench.Rejects("SELECT reason, message FROM {t}").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("record_path: //a")]
    public async Task ElementsInsideEachOtherWithoutEnd_BreakTheFile_NotTheMemory(string config)
    {
        _bench.Write("data/a.xml", "<r>" + string.Concat(Enumerable.Repeat("<a>", 200_000)));
        _bench.Write("data/b.xml", "<r><a>1</a></r>");
        await RunAsync(config);
        Assert.Equal(["data/a.xml|TOO_DEEP|More than 1000 elements stand inside each other."], _bench.Rejects("SELECT file, reason, message FROM {t} WHERE record IS NULL"));
        Assert.Single(_bench.Query("FROM {t}"));
    }

    [Fact]
    public async Task RecordThatIsTooLong_OrTooDeep_IsRejectedAlone()
    {
        _bench.Write("data/a.xml", $"<r><e><v>1</v></e><e><v>{new string('x', 5000)}</v></e><e>{string.Concat(Enumerable.Repeat("<d>", 200))}{string.Concat(Enumerable.Repeat("</d>", 200))}</e><e><v>4</v></e></r>");
        Assert.Equal(new RowCounts(4, 2, 2), (await RunAsync("max_record_chars: 2048")).Counts);
        Assert.Equal(["2|RECORD_TOO_LONG|The record has more than 2048 characters. Raise max_record_chars if it is sound.", "3|TOO_DEEP|The record has elements more than 128 levels deep."], _bench.Rejects("SELECT record, reason, message FROM {t} ORDER BY record"));
        Assert.Equal(["1|1", "4|4"], _bench.Query("SELECT v, _ff_record FROM {t} ORDER BY v", withReserved: true));
        // With a wider setting the long one is taken; the numbers stay.
        Assert.Equal(new RowCounts(2, 1, 1), (await _bench.ReplayAsync(Yaml("max_record_chars: 16384"))).Counts);
        Assert.Equal(["1|1", "2|5000", "4|1"], _bench.Query("SELECT _ff_record, length(CAST(v AS VARCHAR)) FROM {t} ORDER BY 1", withReserved: true));
    }

    [Fact]
    public async Task LongRecord_IsNotKept_AndPiecesOfATextAreJoined()
    {
        var pieces = string.Concat(Enumerable.Repeat("<![CDATA[ab]]>c", 3000));
        _bench.Write("data/a.xml", $"<r><e><v>{pieces}</v></e><e><v>{string.Concat(Enumerable.Repeat("<w>x</w>", 20_000))}<z>{new string('y', 100_000)}</z></v></e><e><v>{new string('z', 9000)}</v></e></r>");
        Assert.Equal(new RowCounts(3, 2, 1), (await RunAsync("max_record_chars: 16384")).Counts);
        Assert.Equal(["1|9000|abcabc", "3|9000|zzzzzz"], _bench.Query("SELECT _ff_record, length(v), left(v, 6) FROM {t} ORDER BY 1", withReserved: true));
        Assert.Equal(["2|RECORD_TOO_LONG|True"], _bench.Rejects("SELECT record, reason, length(raw) BETWEEN 1 AND 2100 FROM {t}"));
    }

    [Fact]
    public async Task MisfitInTheMiddle_WidensTheColumn_AndNilIsNoValue()
    {
        var xml = new StringBuilder("<r xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
        for (var i = 0; i < 60_000; i++) xml.Append(System.Globalization.CultureInfo.InvariantCulture, $"<e><v>{(i == 50_000 ? "n/a" : i.ToString(System.Globalization.CultureInfo.InvariantCulture))}</v><w xsi:nil=\"true\"/></e>");
        _bench.Write("data/a.xml", xml.Append("</r>").ToString());
        Assert.Equal(new RowCounts(60_000, 60_000), (await RunAsync()).Counts);
        Assert.Equal(["60000|n/a|50001|0"], _bench.Query("SELECT count(*), max(v) FILTER (WHERE v = 'n/a'), max(_ff_record) FILTER (WHERE v = 'n/a'), count(w) FROM {t}", withReserved: true));
    }

    [Fact]
    public async Task Trace_LeadsBackToTheRecord()
    {
        _bench.Write("data/a.xml", "<r><e><v>1</v></e><e><v>2</v></e></r>");
        await RunAsync();
        var trace = _bench.Runner.Trace(Bench.Job(Yaml()), "test", "things", new Lake.TableName(Lake.Layer.Bronze, "things"), "run-1", "data/a.xml", 2, TestContext.Current.CancellationToken);
        Assert.Equal("{\"v\":2}", trace.Raw);
    }
}
