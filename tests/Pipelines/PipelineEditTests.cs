using System.Text.Json.Nodes;

namespace FlowForge.Pipelines.Tests;

/// <summary>Forms change a pipeline's text without losing what people wrote in it.</summary>
public sealed class PipelineEditTests
{
    private const string Shop = """
        # The shop.
        pipeline: shop   # daily
        schedule: "0 2 * * *"

        ingest:
          # Countries rarely change.
          countries:
            source_type: file_local
            config: { path: data/countries.csv }

          orders:      # from the till
            source_type: file_local   # moves to s3 in June
            error_handling: fail      # see FF2001
            # Keys of the till.
            dedupe_keys: order_id
            rename_map:
              "Order No": order_id    # as printed
              Amt: amount
            checks:
            - not_null: order_id
            - range: { column: amount, min: 0 }
            config:
              path: data/orders-*.csv   # nightly
              delimiter: ";"

        # Clean tables.
        silver:
          orders_clean:
            sql: |
              SELECT *
              FROM bronze.orders  # not a comment

        """;

    [Fact]
    public void Write_ItemsOfAListChanged_TheOthersKeepTheirLinesAndRemarks()
    {
        var text = Shop.Replace("    checks:\n", "    user_schema:   # agreed in May\n      # Given by the till.\n      - { name: \"Order No\", type: BIGINT }   # never missing\n      - name: day\n        type: DATE\n        format: \"%b %d\"\n\n      # In euros.\n      - { name: Amt, type: \"DECIMAL(9,2)\" }\n    checks:\n", StringComparison.Ordinal);
        var job = Job(text, "orders");
        var columns = job["user_schema"]!.AsArray();
        columns[2]!.AsObject()["nullable"] = false;
        columns.Add(new JsonObject { ["name"] = "land", ["type"] = "VARCHAR" });
        job["checks"]!.AsArray().RemoveAt(0);
        var changed = Write(text, "orders", job);
        Assert.Equal(text
            .Replace("      # In euros.\n      - { name: Amt, type: \"DECIMAL(9,2)\" }\n", "      - { name: Amt, type: 'DECIMAL(9,2)', nullable: false }\n      - { name: land, type: VARCHAR }\n", StringComparison.Ordinal)
            .Replace("    - not_null: order_id\n", "", StringComparison.Ordinal), changed);
        columns.RemoveAt(1);
        columns.Insert(0, new JsonObject { ["name"] = "shop", ["type"] = "VARCHAR" });
        changed = Write(changed, "orders", job);
        Assert.Contains("    user_schema:   # agreed in May\n      - { name: shop, type: VARCHAR }\n      # Given by the till.\n      - { name: \"Order No\", type: BIGINT }   # never missing\n      - { name: Amt, type: 'DECIMAL(9,2)', nullable: false }\n      - { name: land, type: VARCHAR }\n    checks:\n", changed, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ChangedAddedAndRemovedFields_LeavesAllElseAsItIs()
    {
        var job = Job(Shop, "orders");
        job["error_handling"] = "quarantine";
        job["quarantine_path"] = "quarantine/orders";
        job.Remove("dedupe_keys");
        job["rename_map"]!.AsObject()["Amt"] = "amount_eur";
        job["rename_map"]!.AsObject()["Land"] = "country";
        job["config"]!.AsObject()["delimiter"] = ",";
        var changed = Write(Shop, "orders", job);
        Assert.Equal(Shop
            .Replace("error_handling: fail      # see FF2001", "error_handling: quarantine  # see FF2001")
            .Replace("    dedupe_keys: order_id\n", "")
            .Replace("Amt: amount\n", "Amt: amount_eur\n      Land: country\n")
            .Replace("delimiter: \";\"\n", "delimiter: ','\n    quarantine_path: quarantine/orders\n"), changed);
    }

    [Fact]
    public void Write_NothingChanged_IsTheSameText()
    {
        Assert.Equal(Shop, Write(Shop, "orders", Job(Shop, "orders")));
        // A number as text and a list of one say the same.
        var job = Job(Shop, "orders");
        job["dedupe_keys"] = new JsonArray("order_id");
        job["checks"]!.AsArray()[1]!["range"]!["min"] = "0";
        Assert.Equal(Shop, Write(Shop, "orders", job));
        Assert.Equal(Shop.Replace("\n", "\r\n", StringComparison.Ordinal), Write(Shop.Replace("\n", "\r\n", StringComparison.Ordinal), "orders", Job(Shop, "orders")));
    }

    [Fact]
    public void Write_NewJob_StandsAtTheEndOfItsSection()
    {
        var changed = Write(Shop, "returns", new JsonObject
        {
            ["source_type"] = "file_local", ["filter"] = "amount > 0\nAND country <> 'X'", ["max_rejects"] = "2%", ["last_watermark_value"] = "007", ["is_reference"] = true,
            ["checks"] = new JsonArray(new JsonObject { ["not_null"] = new JsonArray("id", "a b") }), ["config"] = new JsonObject { ["path"] = "data/r.csv", ["null_value"] = "no", ["quote"] = "'", ["tab"] = "\t" }
        });
        Assert.Equal(Shop.Replace("\n\n# Clean tables.", """

              returns:
                source_type: file_local
                filter: |-
                  amount > 0
                  AND country <> 'X'
                max_rejects: '2%'
                last_watermark_value: '007'
                is_reference: true
                checks:
                  - { not_null: [id, a b] }
                config:
                  path: data/r.csv
                  null_value: 'no'
                  quote: ''''
                  tab: "\t"

            # Clean tables.
            """), changed);
    }

    [Fact]
    public void Write_Bracketed_StaysBracketed()
    {
        var job = Job(Shop, "countries");
        job["config"]!.AsObject()["header"] = false;
        Assert.Equal(Shop.Replace("{ path: data/countries.csv }", "{ path: data/countries.csv, header: false }"), Write(Shop, "countries", job));
        const string Flow = "pipeline: p\ningest: { a: { source_type: file_local, config: { path: a.csv } } } # one\n";
        Assert.Equal("pipeline: p\ningest: { a: { source_type: file_local, config: { path: b.csv } } }  # one\n", Write(Flow, "a", new JsonObject { ["source_type"] = "file_local", ["config"] = new JsonObject { ["path"] = "b.csv" } }));
        Assert.Equal("pipeline: p\nschedule: hourly\n", PipelineEdit.Write("{ pipeline: p }", null, new JsonObject { ["schedule"] = "hourly" }, 1));
    }

    [Fact]
    public void Write_MergeKeysAndAliases_AreKept()
    {
        const string Text = """
            x-base: &base
              source_type: file_local   # all of them
              error_handling: fail
            pipeline: p
            ingest:
              a:
                <<: *base
                config: &place { path: a.csv }
              b:
                <<: *base
                config: *place
            """ + "\n";
        var a = Job(Text, "a");
        Assert.Equal("""{"config":{"path":"a.csv"},"source_type":"file_local","error_handling":"fail"}""", a.ToJsonString());
        a["compression"] = "zstd";
        Assert.Equal(Text.Replace("{ path: a.csv }\n", "{ path: a.csv }\n    compression: zstd\n"), Write(Text, "a", a));
        var b = Job(Text, "b");
        b["error_handling"] = "quarantine";
        b["config"]!.AsObject()["path"] = "b.csv";
        Assert.Equal(Text.Replace("    config: *place\n", "    config:\n      path: b.csv\n    error_handling: quarantine\n"), Write(Text, "b", b));
        // What an anchor holds is used elsewhere: a change of it would change b too, and is refused.
        a["config"]!.AsObject()["path"] = "c.csv";
        Assert.Equal("The text cannot be changed here without touching other parts of it. Change it in the YAML.", Assert.Throws<FormatException>(() => Write(Text, "a", a)).Message);
    }

    [Fact]
    public void Write_ScheduleAndTriggers_ComeAndGo()
    {
        var with = PipelineEdit.Write(Shop, PipelineFormat.Yaml, new JsonObject { ["schedule"] = new JsonObject { ["cron"] = "0 3 * * *", ["timezone"] = "Europe/Berlin" }, ["triggers"] = new JsonArray(new JsonObject { ["arrival"] = "orders" }) }, 2);
        Assert.Equal(Shop.Replace("schedule: \"0 2 * * *\"", "schedule:\n  cron: '0 3 * * *'\n  timezone: Europe/Berlin").TrimEnd('\n') + "\ntriggers:\n  - { arrival: orders }\n", with);
        Assert.Equal(Shop.Replace("schedule: \"0 2 * * *\"\n", ""), PipelineEdit.Write(Shop, PipelineFormat.Yaml, new JsonObject { ["schedule"] = null, ["triggers"] = null }, 2));
    }

    [Fact]
    public void Write_Json_StaysJson()
    {
        var changed = PipelineEdit.Write("""{"pipeline":"p","ingest":{"a":{"source_type":"file_local"}}}""", PipelineFormat.Json, new JsonObject { ["ingest"] = new JsonObject { ["b"] = new JsonObject { ["source_type"] = "s3" } } }, 2);
        Assert.Equal("""{"pipeline":"p","ingest":{"a":{"source_type":"file_local"},"b":{"source_type":"s3"}}}""", JsonNode.Parse(changed)!.ToJsonString());
    }

    [Theory]
    [InlineData("pipeline: p\ningest:\n  a:\n")]
    [InlineData("pipeline: p\ningest:\n")]
    [InlineData("pipeline: p")]
    [InlineData("---\npipeline: p\ningest: {}\n...\n")]
    [InlineData("pipeline: p\ningest:\n    a:\n        source_type: x\n\n        # end\n\n\n")]
    [InlineData("\uFEFFpipeline: p\ningest:\n  \"a\" : {\n    source_type: 'x',\n    config: {\n      path: \"a\"\n  }\n  }\n  b: { source_type: y }\n")]
    [InlineData("pipeline: p\ningest: {a: {source_type: x, filter: 'a # b'}}\n")]
    [InlineData("pipeline: p\ningest:\n  a:\n    source_type: x\n    filter: >\n      one\n      two\n\n      # three\n    config:\n      query: |2+\n          deep\n\n\n  b:\n    source_type: y\n")]
    [InlineData("? pipeline\n: p\n? ingest\n: ? a\n  : source_type: x\n")]
    public void Write_OddTexts_SayWhatIsWantedOrRefuse(string text)
    {
        var want = new JsonObject { ["source_type"] = "file_local", ["dedupe_keys"] = new JsonArray("a", "b"), ["config"] = new JsonObject { ["path"] = "x: [y] # z" } };
        string changed;
        try { changed = Write(text, "a", want); }
        catch (FormatException e)
        {
            Assert.StartsWith("The text cannot be changed here", e.Message, StringComparison.Ordinal);
            return;
        }
        var before = PipelineEdit.Read(text, null);
        var after = PipelineEdit.Read(changed, null);
        Assert.True(JsonNode.DeepEquals(want, Job(changed, "a")), changed);
        Assert.Equal((before["ingest"] as JsonObject)?["b"]?.ToJsonString(), after["ingest"]!["b"]?.ToJsonString());
    }

    private static JsonObject Job(string text, string name) => PipelineEdit.Read(text, null)["ingest"]![name]!.DeepClone().AsObject();

    private static string Write(string text, string name, JsonObject job) => PipelineEdit.Write(text, null, new JsonObject { ["ingest"] = new JsonObject { [name] = job.DeepClone() } }, 2);
}
