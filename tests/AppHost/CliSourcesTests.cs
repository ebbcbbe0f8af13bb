using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace FlowForge.AppHost.Tests;

/// <summary>Uploads, held changes of sources, and tables brought back, from the <c>flowforge</c> tool: the whole output.</summary>
[Collection(EnvironmentCollection.Name)]
public sealed partial class CliSourcesTests(EnvironmentFixture environment)
{
    [Fact]
    public async Task Upload_SendListReplaceDelete()
    {
        var file = environment.Folder.At("cli_upload.csv");
        await File.WriteAllTextAsync(file, "id\n1\n", TestContext.Current.CancellationToken);
        Assert.Equal((0, $"upload:cli_sent.csv (5 bytes, SHA-256 {Sha("id\n1\n")})", ""), await Cli("upload", file, "--name", "cli_sent.csv"));
        await File.WriteAllTextAsync(file, "id\n1\n2\n", TestContext.Current.CancellationToken);
        Assert.Equal((1, "", "error: There is a file cli_sent.csv already.\n  Send it with replace, under another name, or delete the old one."), Plain(await Cli("upload", file, "--name", "cli_sent.csv")));
        Assert.Equal((0, $"upload:cli_sent.csv (7 bytes, SHA-256 {Sha("id\n1\n2\n")})", ""), await Cli("upload", file, "--name", "cli_sent.csv", "--replace"));

        var listed = (await Cli("uploads", "list")).Output.Split('\n');
        Assert.Matches("^file +bytes +arrived$", listed[0]);
        Assert.Matches(@"^upload:cli_sent\.csv +7 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$", Assert.Single(listed, l => l.StartsWith("upload:cli_sent.csv", StringComparison.Ordinal)));

        await PutAsync("cli_upload", "pipeline: cli_upload\ningest:\n  cli_upload:\n    source_type: file_upload\n    format: csv\n    config: { path: \"upload:cli_sent.csv\" }\n");
        Assert.Equal(0, (await Cli("runs", "start", "cli_upload", "--watch")).Code);
        Assert.Equal((0, "id\n 1\n 2", "1–2 of 2 rows, version 0"), await Cli("tables", "rows", "bronze.cli_upload", "--sort", "id"));

        Assert.Equal((0, "", "cli_sent.csv is deleted."), await Cli("uploads", "delete", "cli_sent.csv"));
        Assert.DoesNotContain("cli_sent.csv", (await Cli("uploads", "list")).Output, StringComparison.Ordinal);
        Assert.Equal((1, "", "error: There is no file cli_sent.csv in the upload area."), Plain(await Cli("uploads", "delete", "cli_sent.csv"), 1));
        Assert.Equal((1, "", $"error: There is no file {environment.Folder.At("none.csv")}.\n  Correct the path."), await Cli("upload", environment.Folder.At("none.csv")));
    }

    [Fact]
    public async Task Connections_PutAgain_ChangesWhatIsGivenAndKeepsTheRest()
    {
        Assert.Equal((0, "cli_api is stored.", ""), await Cli("connections", "put", "cli_api", "--connector", "rest", "--set", "base_url=https://api.example.com/v2/", "timeout=00:00:07", "auth={\"kind\":\"bearer\",\"token\":\"canary-1\"}", "--description", "Orders", "--rate-limit", "5/s", "--isolate"));
        var first = await Shown();
        Assert.DoesNotContain("canary-1", first, StringComparison.Ordinal);
        Assert.Contains("${secret:cli_api.auth.token}", first, StringComparison.Ordinal);

        Assert.Equal((0, "cli_api is stored.", ""), await Cli("connections", "put", "cli_api", "--connector", "rest", "--set", "timeout=00:00:09"));
        Assert.Equal(first.Replace("00:00:07", "00:00:09", StringComparison.Ordinal), await Shown());

        Assert.Equal((0, "cli_api is stored.", ""), await Cli("connections", "put", "cli_api", "--connector", "rest", "--set", "timeout=", "--rate-limit", "", "--isolate", "false"));
        Assert.Equal(first.Replace(",\"timeout\":\"00:00:07\"", "", StringComparison.Ordinal).Replace("5/s", "", StringComparison.Ordinal).Replace("process", "none", StringComparison.Ordinal), await Shown());

        Assert.Equal((0, "cli_api is stored.", ""), await Cli("connections", "put", "cli_api", "--connector", "rest", "--set", "base_url=https://api.example.com/v3/", "--replace"));
        Assert.Equal("| | {\"base_url\":\"https://api.example.com/v3/\"} | none", await Shown());
        Assert.Equal((0, "", "cli_api is deleted."), await Cli("connections", "delete", "cli_api"));

        async Task<string> Shown()
        {
            using var told = System.Text.Json.JsonDocument.Parse((await Cli("connections", "get", "cli_api", "--json")).Output);
            var detail = told.RootElement;
            return $"{(detail.TryGetProperty("description", out var text) ? text.ToString() : "")}| {(detail.TryGetProperty("rateLimit", out var limit) ? limit.ToString() : "")}| {System.Text.Json.JsonSerializer.Serialize(detail.GetProperty("settings"), Relaxed)} | {detail.GetProperty("isolation")}";
        }
    }

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task Drift_HeldChange_IsListedShownApprovedAndKeptInMind()
    {
        await DataAsync("cli_drift-1.csv", "id,amount\n1,10\n2,20\n");
        await PutAsync("cli_drift", "pipeline: cli_drift\ningest:\n  cli_drift:\n    source_type: file_local\n    format: csv\n    drift: hold\n    config: { path: \"cli_drift-*.csv\" }\n");
        Assert.Equal(0, (await Cli("runs", "start", "cli_drift", "--watch")).Code);
        await DataAsync("cli_drift-2.csv", "id,amount_eur\n3,30\n");
        var (code, watched, _) = await Cli("runs", "start", "cli_drift", "--watch");
        var run = RunPattern().Match(watched).Value;
        Assert.NotEqual(0, code);

        var listed = Assert.Single((await Cli("drift", "list")).Output.Split('\n'), l => l.Contains("bronze.cli_drift", StringComparison.Ordinal));
        var hold = listed.Split(' ')[0];
        Assert.Matches($"^{hold} +bronze\\.cli_drift +pending +[0-9: TZ-]+ +1 +new column amount_eur (BIGINT|INTEGER); missing column amount$", listed);
        var shown = (await Cli("drift", "show", hold)).Output.Split('\n');
        Assert.Matches($"^bronze\\.cli_drift, pending since .+: {run} of cli_drift has landed 1 records \\(0 would be rejected\\)$", shown[0]);
        Assert.Matches("^  new column amount_eur (BIGINT|INTEGER)$", shown[1]);
        Assert.Equal("  missing column amount", shown[2]);
        Assert.Equal(3, shown.Length);

        Assert.Equal((1, "", "error: 'amount_eur' is no rename.\n  Write new=old."), await Cli("drift", "approve", hold, "--rename", "amount_eur"));
        Assert.Equal((1, "", "error: bronze.cli_drift has no column 'nope'."), Plain(await Cli("drift", "approve", hold, "--rename", "amount_eur=nope"), 1));
        Assert.Equal((0, $"approved; the next run of cli_drift, or a retry of {run}, loads what was landed", ""), await Cli("drift", "approve", hold, "--rename", "amount_eur=amount", "--note", "as announced"));
        Assert.Equal((1, "", $"error: {hold} is approved by now, or was read anew."), Plain(await Cli("drift", "reject", hold), 1));
        Assert.Equal(0, (await Cli("runs", "start", "cli_drift", "--watch")).Code);
        Assert.Equal((0, "id  amount\n 1      10\n 2      20\n 3      30", "1–3 of 3 rows, version 1"), await Cli("tables", "rows", "bronze.cli_drift", "--sort", "id"));
        Assert.DoesNotContain("bronze.cli_drift", (await Cli("drift", "list")).Output, StringComparison.Ordinal);
        Assert.Contains("  loaded  ", Assert.Single((await Cli("drift", "list", "--all")).Output.Split('\n'), l => l.StartsWith(hold, StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains($"flowforge  approve schema change  bronze.cli_drift  {hold}: new column amount_eur", (await Cli("drift", "audit")).Output, StringComparison.Ordinal);
        Assert.Equal((1, "", "error: Nothing is held under 'none'."), Plain(await Cli("drift", "show", "none"), 1));
    }

    [Fact]
    public async Task Restore_PreviewChangesNothing_AndYesDoes()
    {
        await DataAsync("cli_back-1.csv", "id\n1\n");
        await PutAsync("cli_back", "pipeline: cli_back\ningest:\n  cli_back:\n    source_type: file_local\n    format: csv\n    config: { path: \"cli_back-*.csv\" }\ngold:\n  cli_back_sum: { sql: SELECT count(*) AS n FROM bronze.cli_back }\n");
        Assert.Equal(0, (await Cli("runs", "start", "cli_back", "--watch")).Code);
        await DataAsync("cli_back-2.csv", "id\n2\n3\n");
        Assert.Equal(0, (await Cli("runs", "start", "cli_back", "--watch")).Code);

        var preview = (await Cli("tables", "restore", "bronze.cli_back", "--version", "0")).Output.Split('\n');
        Assert.Equal("bronze.cli_back version 1 would become what version 0 was: 3 rows now, 1 then; 0 files come back, 1 go.", preview[0]);
        Assert.Equal("cli_back of cli_back: watermark none → none, files loaded 2 → 1", preview[1]);
        Assert.Equal("made from it: gold.cli_back_sum", preview[2]);
        Assert.Equal("Nothing was changed; --yes does it.", preview[3]);
        Assert.Equal((0, "id\n 1\n 2\n 3", "1–3 of 3 rows, version 1"), await Cli("tables", "rows", "bronze.cli_back", "--sort", "id"));

        Assert.Equal((0, "bronze.cli_back is what it was at version 0, as version 2.", ""), await Cli("tables", "restore", "bronze.cli_back", "--version", "0", "--yes"));
        Assert.Equal((0, "id\n 1", "1–1 of 1 rows, version 2"), await Cli("tables", "rows", "bronze.cli_back", "--sort", "id"));
        Assert.Equal((1, ""), (await Cli("tables", "restore", "bronze.cli_back", "--version", "99")) is var none ? (none.Code, none.Output) : default);
        // What came since is loaded again, for the list of loaded files went back too.
        Assert.Equal(0, (await Cli("runs", "start", "cli_back", "--watch")).Code);
        Assert.Equal((0, "id\n 1\n 2\n 3", "1–3 of 3 rows, version 3"), await Cli("tables", "rows", "bronze.cli_back", "--sort", "id"));
    }

    private Task<(int Code, string Output, string Errors)> Cli(params string[] arguments) => CliTests.CliAsync(environment.Data, arguments);

    /// <summary>The first lines of what was said: diagnostics with codes follow.</summary>
    private static (int, string, string) Plain((int Code, string Output, string Errors) answer, int lines = 2) => (answer.Code, answer.Output, string.Join('\n', answer.Errors.Split('\n').Take(lines)));

    private Task DataAsync(string name, string text) => File.WriteAllTextAsync(environment.Folder.At(name), text, TestContext.Current.CancellationToken);

    private async Task PutAsync(string name, string yaml)
    {
        var file = environment.Folder.At(name + ".yaml");
        await File.WriteAllTextAsync(file, yaml, TestContext.Current.CancellationToken);
        Assert.Equal((0, $"{name} is stored as version 1.", ""), await Cli("pipelines", "put", file));
    }

    private static string Sha(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    [GeneratedRegex("run_[0-9a-z]+")]
    private static partial Regex RunPattern();
}
