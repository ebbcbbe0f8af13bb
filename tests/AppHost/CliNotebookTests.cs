using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.AppHost.Tests;

/// <summary>Notebooks that become parts of pipelines, and work on tables, from the <c>flowforge</c> tool: the whole output.</summary>
[Collection(EnvironmentCollection.Name)]
public sealed class CliNotebookTests(EnvironmentFixture environment)
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly FlowForgeClient client = environment.Host.Running!.Connect();

    [Fact]
    public async Task NotebooksPromote_PrintsThenStoresTheChange_AndTheRunKeepsTheExecutedCopy()
    {
        await client.CreateNotebookAsync(new CreateNotebook("cli/report",
        [
            new("p", NotebookCellKind.Csharp, "var least = 5;", Parameters: true),
            new("s", NotebookCellKind.Sql, "SELECT range AS n FROM range(10) WHERE range >= getvariable('least')", "kept"),
        ]), None);
        const string Text = "pipeline: cli_report\ngold:\n  cli_kept:\n    notebook: cli/report\n    result: kept\n    parameters:\n      least: '7'\n";
        string[] wish = ["notebooks", "promote", "cli/report", "cli_report", "--table", "gold.cli_kept", "--result", "kept", "--set", "least=7"];
        Assert.Equal((0, Text.TrimEnd(), ""), await Cli([.. wish, "--dry-run"]));
        Assert.Null(await client.FindPipelineAsync("cli_report", None));

        Assert.Equal((1, "", "error: 'bronze.x' cannot be made by a notebook.\n  Write silver.NAME or gold.NAME."), await Cli("notebooks", "promote", "cli/report", "cli_report", "--table", "bronze.x"));
        Assert.Equal((1, "", "error: 'least' is no parameter.\n  Write name=value."), await Cli("notebooks", "promote", "cli/report", "cli_report", "--set", "least"));
        Assert.Equal((1, "", "error: The parameter least is set twice.\n  Leave one of them out."), await Cli([.. wish, "--set", "least=8"]));
        Assert.Equal((1, "", "error: --table and --job exclude each other.\n  Leave one of them out."), await Cli([.. wish, "--job", "x"]));
        var (code, output, errors) = await Cli("notebooks", "promote", "cli/report", "cli_report", "--set", "least=many");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("The parameter least of the notebook is a whole number (its cell says 5); 'many' is not.", errors, StringComparison.Ordinal);
        Assert.Null(await client.FindPipelineAsync("cli_report", None));

        Assert.Equal((0, "cli/report is gold.cli_kept of cli_report now.", ""), await Cli(wish));
        Assert.Equal(Text, (await client.PipelineAsync("cli_report", ct: None)).Text);
        Assert.Equal((1, "error: The pipeline cli_report has gold.cli_kept already."), (await Cli(wish)) is var again ? (again.Code, again.Errors.Split('\n')[0]) : default);
        Assert.Equal((0, "cli/report is notebook.nightly of cli_report now.", ""), await Cli("notebooks", "promote", "cli/report", "cli_report", "--job", "nightly", "--cron", "0 6 * * *"));
        Assert.EndsWith("notebooks:\n  nightly:\n    notebook: cli/report\nschedule:\n  cron: '0 6 * * *'\n", (await client.PipelineAsync("cli_report", ct: None)).Text, StringComparison.Ordinal);

        var (ended, told, said) = await Cli("runs", "start", "cli_report", "--watch");
        Assert.True(ended == 0, told + said);
        Assert.Equal((0, "n\n7\n8\n9", "1–3 of 3 rows, version 0"), await Cli("tables", "rows", "gold.cli_kept", "--sort", "n"));
        Assert.Matches("^2 copies, [0-9,]+ bytes; would go for being older than 365 days: 0, 0 bytes$", (await Cli("notebooks", "executed")).Output);
        Assert.Matches("^2 copies, [0-9,]+ bytes; removed for being older than 365 days: 0, 0 bytes$", (await Cli("notebooks", "executed", "--remove")).Output);
        Assert.Equal(2, JsonDocument.Parse((await Cli("notebooks", "executed", "--json")).Output).RootElement.GetProperty("copies").GetInt32());
    }

    [Fact]
    public async Task TablesOptimizeVacuumAlter_TellWhatCameOfIt_AndWorkListsThem()
    {
        for (var i = 1; i <= 3; i++)
        {
            await File.WriteAllTextAsync(environment.Folder.At($"cli_care-{i}.csv"), $"id,name\n{i},n{i}\n", None);
            if (i == 1) await client.PutPipelineAsync("cli_care", new PutPipeline("pipeline: cli_care\ningest:\n  cli_care:\n    source_type: file_local\n    format: csv\n    config: { path: \"cli_care-*.csv\" }\n", BaseDirectory: environment.Folder.Path), None);
            var (code, told, said) = await Cli("runs", "start", "cli_care", "--watch");
            Assert.True(code == 0, told + said);
        }
        Assert.Equal((0, "3 files became 1, as version 3."), Answer(await Cli("tables", "optimize", "bronze.cli_care")));
        Assert.Matches("^Nothing to gain: 1 files, [0-9,]+ bytes\\.$", (await Cli("tables", "optimize", "bronze.cli_care")).Output);
        Assert.Equal((0, "0 files, 0 bytes would go; --yes removes them."), Answer(await Cli("tables", "vacuum", "bronze.cli_care")));
        Assert.Equal((0, "0 files, 0 bytes are gone."), Answer(await Cli("tables", "vacuum", "bronze.cli_care", "--retention-hours", "24", "--yes")));
        Assert.Equal((1, "", "error: A retention of 0.5 hours is not possible: 1 hour to 10 years."), Head(await Cli("tables", "vacuum", "bronze.cli_care", "--retention-hours", "0.5", "--yes")));

        var (refused, why, _) = await Cli("tables", "alter", "bronze.cli_care", "--rename", "name=title");
        Assert.Equal(1, refused);
        Assert.StartsWith("FF4089: Column 'name' cannot get another name without column mapping, which bronze.cli_care does not use yet", why, StringComparison.Ordinal);
        Assert.Equal((1, "", "error: 'name' is not understood.\n  Write NAME=VALUE."), await Cli("tables", "alter", "bronze.cli_care", "--rename", "name"));
        Assert.Equal((0, "bronze.cli_care is changed, as version 4."), Answer(await Cli("tables", "alter", "bronze.cli_care", "--rename", "name=title", "--constraint", "some=id > 0", "--allow-upgrade")));
        Assert.Equal((0, "id  title\n 1  n1\n 2  n2\n 3  n3", "1–3 of 3 rows, version 4"), await Cli("tables", "rows", "bronze.cli_care", "--sort", "id"));

        var id = (await Cli("tables", "optimize", "bronze.cli_care", "--no-wait")).Output;
        Assert.Matches("^[a-z0-9_-]+$", id);
        string[] lines = [];
        for (var until = DateTime.UtcNow.AddSeconds(90); DateTime.UtcNow < until; await Task.Delay(200, None))
        {
            lines = (await Cli("tables", "work", "bronze.cli_care")).Output.Split('\n');
            if (lines[1].Contains(" succeeded ", StringComparison.Ordinal)) break;
        }
        Assert.Matches("^work +kind +state +asked +done +created +what came of it$", lines[0]);
        Assert.Equal(6, lines.Length - 1);
        Assert.Matches($"^{id} +optimize +succeeded .*Nothing to gain: 1 files, [0-9,]+ bytes\\.$", lines[1]);
        Assert.Matches("^\\S+ +alter +succeeded +rename name to title.* +bronze\\.cli_care is changed, as version 4\\.$", lines[2]);
        Assert.Matches("^\\S+ +alter +failed +rename name to title +.*FF4089: Column 'name' cannot get another name", lines[3]);
        Assert.Matches("^\\S+ +vacuum +succeeded +keep 24 hours +.* 0 files, 0 bytes are gone\\.$", lines[4]);
        Assert.Matches("^\\S+ +optimize +succeeded .*3 files became 1, as version 3\\.$", lines[6]);
        Assert.Equal((1, "", "error: There is no table 'bronze.cli_none'."), Head(await Cli("tables", "optimize", "bronze.cli_none")));
    }

    private static (int, string) Answer((int Code, string Output, string Errors) answer) => (answer.Code, answer.Output);

    private static (int, string, string) Head((int Code, string Output, string Errors) answer) => (answer.Code, answer.Output, answer.Errors.Split('\n')[0]);

    private Task<(int Code, string Output, string Errors)> Cli(params string[] arguments) => CliTests.CliAsync(environment.Data, arguments);
}
