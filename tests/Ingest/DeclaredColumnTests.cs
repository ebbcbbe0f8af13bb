using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Columns that <c>user_schema</c> declares and the source has no longer: drift rules hold for them as for a column that is inferred.</summary>
public sealed class DeclaredColumnTests : IDisposable
{
    private const string Declared = "schema_mode: user\nuser_schema: { id: int, name: string }\n";
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Yaml(string format, string more) => (format == "rows" ? "source_type: test_tables\nconfig: { table_name: t }\n" : $"source_type: file_local\npartition_mode: none\nformat: {format}\nconfig: {{ path: 'data/*.{format}' }}\n") + Declared + more;

    /// <summary>A table of one row with the columns id and <paramref name="name"/>.</summary>
    private void Put(string format, int id, string name)
    {
        if (format == "rows") _bench.Write("tables/t.csv", $"id:long,{name}:string\n{id},v{id}\n");
        else if (format == "csv") _bench.Write($"data/{id}.csv", $"id,{name}\n{id},v{id}\n");
        else
        {
            Directory.CreateDirectory(Path.Combine(_bench.Workspace, "data"));
            using var duck = FlowForge.Duck.DuckDatabase.Open();
            using var session = duck.Connect();
            session.Execute($"COPY (SELECT {id} AS id, 'v{id}' AS {name}) TO '{Path.Combine(_bench.Workspace, "data", $"{id}.parquet")}' (FORMAT parquet)");
        }
    }

    private List<string> Rows => _bench.Query("SELECT id, name FROM {t} ORDER BY id");

    [Theory]
    [InlineData("csv")]
    [InlineData("parquet")]
    [InlineData("rows")]
    public async Task Hold_WaitsForAPersonAndRemembersTheAnswer(string format)
    {
        var yaml = Yaml(format, "drift: hold\nwrite_mode: append");
        Put(format, 1, "name");
        await _bench.RunAsync(yaml);
        Put(format, 2, "label");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(yaml));
        Assert.Equal(("FF2053", "The source of bronze.things has changed, and its job asks a person first: missing column name. What was read (1 records) is kept in the landing layer, and nothing was published."), (failure.Code, failure.Message));
        Assert.Equal(["1|v1"], Rows);
        Assert.DoesNotContain("are NULL in", _bench.Log.Text, StringComparison.Ordinal);

        var hold = _bench.Catalog.Holds.OfTable("bronze.things")[0];
        Assert.True(_bench.Catalog.Holds.Decide(hold, true, new HoldDecision("a test", new Dictionary<string, string>(), [], null), DateTimeOffset.UtcNow));
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(yaml)).Counts);
        Assert.Contains("Warning: The source lacks columns that user_schema declares, which are NULL in all rows: name.", _bench.Log.Text, StringComparison.Ordinal);
        // The answer holds for what comes later, too.
        Put(format, 3, "label");
        await _bench.RunAsync(yaml);
        Assert.Equal(["1|v1", "2|NULL", "3|NULL"], Rows);
    }

    [Theory]
    [InlineData("csv", "append")]
    [InlineData("csv", "replace")]
    [InlineData("parquet", "append")]
    [InlineData("rows", "append")]
    [InlineData("rows", "replace")]
    public async Task Freeze_RefusesUntilTheDefinitionSaysSo(string format, string mode)
    {
        var more = $"write_mode: {mode}\n";
        Put(format, 1, "name");
        await _bench.RunAsync(Yaml(format, more));
        Put(format, 2, "label");
        foreach (var rule in new[] { "drift: freeze", "drift_columns: { name: freeze }" })
        {
            var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml(format, more + rule)));
            Assert.Equal(("FF2051", "The source has changed against the table: missing columns name. Nothing was published."), (failure.Code, failure.Message));
            Assert.Equal("Mend the source, or correct user_schema, which declares what the source lacks. Or set drift: evolve to let the table follow, hold to be asked, or discard to leave new columns out; drift_columns says so for single columns.", failure.Suggestion);
        }
        Assert.Equal(["1|v1"], Rows);
        // Taken out of user_schema, the column is one that went long ago.
        if (mode == "append") await _bench.RunAsync(Yaml(format, more + "drift: freeze").Replace(", name: string", "", StringComparison.Ordinal));
        else await _bench.RunAsync(Yaml(format, more + "drift: freeze\ndrift_columns: { name: evolve }"));
        Assert.Contains("2|NULL", Rows);
    }

    [Fact]
    public async Task OneFileOfSeveral_IsEnoughToHold_AndOtherRulesLetItPass()
    {
        Put("csv", 1, "NAME");
        await _bench.RunAsync(Yaml("csv", ""));
        Put("csv", 2, "name");
        Put("csv", 3, "label");
        Assert.Equal("FF2053", (await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml("csv", "drift_columns: { name: hold }")))).Code);
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(Yaml("csv", "drift: discard"))).Counts);
        Assert.Contains("Warning: data/3.csv lacks columns that user_schema declares, which are NULL in their rows: name.", _bench.Log.Text, StringComparison.Ordinal);
        Assert.Equal(["1|v1", "2|v2", "3|NULL"], Rows);
    }

    [Theory]
    [InlineData("drift: hold")]
    [InlineData("drift: freeze")]
    public async Task RenamedTableColumnAndNoRows_AreNoChange(string rule)
    {
        var yaml = Yaml("rows", $"write_mode: append\nrename_map: {{ name: title }}\n{rule}");
        Put("rows", 1, "name");
        await _bench.RunAsync(yaml);
        _bench.Write("tables/t.csv", "id:long,name:string\n");
        Assert.Equal("nothing new", (await _bench.RunAsync(yaml)).Note);
        Put("rows", 2, "Name");
        await _bench.RunAsync(yaml);
        Assert.Equal(["1|v1", "2|v2"], _bench.Query("SELECT id, title FROM {t} ORDER BY id"));
        Put("rows", 3, "other");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(yaml));
        Assert.Contains("missing column" + (rule.EndsWith("hold", StringComparison.Ordinal) ? " title." : "s title."), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_FieldThatNoRecordHas_IsSaid()
    {
        _bench.Write("data/1.json", "{\"id\":1,\"name\":\"a\"}\n{\"id\":2}\n");
        _bench.Write("data/2.json", "[{\"id\":3,\"label\":\"c\"},{\"id\":4,\"label\":null}]");
        _bench.Write("data/3.json", "{\"id\":5,\"name\":null}\n");
        _bench.Write("data/4.json", "");
        var yaml = Yaml("json", "drift: hold");
        Assert.Equal(new RowCounts(5, 5), (await _bench.RunAsync(yaml)).Counts);
        Assert.Contains("Warning: data/2.json lacks columns that user_schema declares, which are NULL in their rows: name.", _bench.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("data/1.json", _bench.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("data/3.json", _bench.Log.Text, StringComparison.Ordinal);
        // Records may lack any field: nobody is asked.
        _bench.Write("data/5.json", "{\"id\":6,\"label\":\"d\"}\n");
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(yaml)).Counts);
        Assert.Contains("Warning: The source lacks columns that user_schema declares, which are NULL in all rows: name.", _bench.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_FieldsOfObjects_AreMetWhereTheyAre()
    {
        _bench.Write("data/1.json", "{\"id\":1,\"a\":{\"b\":1}}\n{\"id\":2,\"a\":{\"c\":1}}\n");
        await _bench.RunAsync("source_type: file_local\nformat: json\nschema_mode: user\nuser_schema: { id: int, a.b: int, a.d: int }\nconfig: { path: 'data/*.json', nested: flatten }");
        Assert.Contains("NULL in all rows: a.d.", _bench.Log.Text, StringComparison.Ordinal);
        Assert.Equal(["1|1|NULL", "2|NULL|NULL"], _bench.Query("FROM {t} ORDER BY id"));
    }
}
