namespace FlowForge.Pipelines.Tests;

/// <summary>Notebooks as makers of tables and as jobs, as a text says them.</summary>
public sealed class NotebookUseTests
{
    private const string Text =
        """
        pipeline: shop
        parameters: { day: "2024-01-01", least: "3" }
        gold:
          report:
            notebook: reports/report
            result: rows
            mode: merge
            keys: [id]
            parameters: { day: "${param.day}", from: "${interval.start}" }
        notebooks:
          note: reports/note
        """;

    [Fact]
    public void Parse_NotebooksInBothPlaces_AreRead()
    {
        var parsed = PipelineParser.Parse(Text);
        Assert.Empty(parsed.Diagnostics);
        var dataset = Assert.Single(parsed.Definition!.Datasets);
        Assert.Equal(("reports/report", "rows", null, DatasetMode.Merge), (dataset.Notebook!.Path, dataset.Notebook.Result, dataset.Sql, dataset.Mode));
        var job = Assert.Single(parsed.Definition.Notebooks);
        Assert.Equal(("notebook.note", "reports/note", 11), (job.Id, job.Notebook.Path, job.Line));
        Assert.True(Placeholders.NeedsInterval(parsed.Definition));
    }

    [Fact]
    public void Fill_Values_AreThoseOfTheJob_ThenThoseOfTheRunThatTheNotebookKnows()
    {
        var definition = PipelineParser.Parse(Text).Definition!.WithNotebooks((_, _, _) => new NotebookSource([], [], ["day", "from", "least"], "x"));
        var run = new Dictionary<string, string> { ["day"] = "2024-05-17", ["least"] = "9", ["other"] = "1" };
        var filled = Placeholders.Fill(definition.Datasets[0].Notebook!, run, (new DateTimeOffset(2024, 5, 1, 0, 0, 0, TimeSpan.Zero), default));
        Assert.Equal(["day=2024-05-17", "from=2024-05-01T00:00:00Z", "least=9"], filled.Select(v => $"{v.Key}={v.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(["day=2024-05-17", "least=9"], Placeholders.Fill(definition.Notebooks[0].Notebook, run, null).Select(v => $"{v.Key}={v.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Plan_ReadsWhatTheNotebookReads_MentionsCountWhereTheyAreTables_ItsOwnTableIsNoCycle()
    {
        var definition = PipelineParser.Parse("pipeline: p\nsilver:\n  base: SELECT 1 AS n\ngold:\n  report: { notebook: r }\nnotebooks:\n  n: r\n").Definition!
            .WithNotebooks((_, _, _) => new NotebookSource(["silver.base", "bronze.gone"], ["gold.report", "gold.count", "bronze.there"], [], "x"));
        var plan = PipelinePlanner.Plan(definition, _ => [], table => table == "bronze.there");
        Assert.Equal(["silver.base  ", "gold.report silver.base silver.base,bronze.there", "notebook.n silver.base,gold.report silver.base,gold.report,bronze.there"],
            plan.Jobs.Select(j => $"{j.Id} {string.Join(',', j.DependsOn)} {string.Join(',', j.Reads)}"));
        Assert.Equal(["FF1502 gold.report.notebook gold.report reads bronze.gone, which no job makes and the lake does not have.", "FF1502 notebooks.n.notebook notebook.n reads bronze.gone, which no job makes and the lake does not have."],
            plan.Diagnostics.Select(d => $"{d.Code} {d.Path} {d.Message}"));
    }

    [Fact]
    public void Parse_NotebookBesideSql_IsRefused_AndResultsWithoutOneHaveNoEffect()
    {
        var parsed = PipelineParser.Parse("pipeline: p\ngold:\n  a: { notebook: r, sql: SELECT 1 }\n  b: { sql: SELECT 1, result: x, parameters: { n: 1 } }\n  c: { notebook: r, transform: t }\nnotebooks:\n  n: { notebook: r, parameters: { d: '${param.nope}' } }\n");
        Assert.Equal(["FF1312 gold.a.sql The dataset has both notebook and sql.", "FF1109 gold.b.result 'result' has no effect: it is only read when there is a notebook.",
            "FF1109 gold.b.parameters 'parameters' has no effect: it is only read when there is a notebook.", "FF1312 gold.c.transform The dataset has both notebook and transform."], parsed.Diagnostics.Select(d => $"{d.Code} {d.Path} {d.Message}"));
        Assert.Equal(["notebooks.n.parameters.d There is no value '${param.nope}'."], Placeholders.Check(parsed.Definition!).Select(d => $"{d.Path} {d.Message}"));
    }

    /// <summary>The reader of files says these; tests/Orchestration has their messages.</summary>
    [Fact]
    public void Codes_OfNotebookFiles_AreErrorsOfThePlan() =>
        Assert.Equal([("FF1508", DiagnosticSeverity.Error), ("FF1509", DiagnosticSeverity.Error)], new[] { DiagnosticCodes.NotebookUnread, DiagnosticCodes.UnknownNotebookParameter }.Select(c => (c.Code, c.Severity)));
}
