using FlowForge.Workbench.Parts;
using FlowForge.Workbench.Tests.Browser;
using FlowForge.Workbench.Tests.Fakes;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>The wizard of ingest jobs over a canned runtime; <c>tests/EndToEnd</c> walks it over the real one.</summary>
public sealed class WizardTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task Edit_WithNothingChanged_SendsTheJobAsItStands()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/jobs/flights/flights?step=process");
        await page.Locator("section.wizard-body[aria-label=Processing]").WaitForAsync();
        await Assertions.Expect(page.GetByLabel("Type of column 1")).ToHaveValueAsync("BIGINT");
        await Assertions.Expect(page.GetByLabel("Column 1 may be missing")).Not.ToBeCheckedAsync();
        // A field that this page has never heard of is there, in its place for such.
        await page.GetByText("More", new() { Exact = false }).Last.ClickAsync();
        await page.Locator("#set-brand_new").WaitForAsync();
        Assert.Equal("""{"source_type":"shop","connection":"shop_db","schema_mode":"user","user_schema":[{"name":"id","type":"BIGINT","nullable":false},{"name":"day","type":"DATE","format":"%d.%m.%Y"}],"error_handling":"quarantine","quarantine_path":"q/flights","dedupe_keys":["id"],"rename_map":{"Order No":"order_id"},"checks":[{"not_null":["id"]},{"range":{"column":"delay","min":-120}}],"config":{"odd":1,"query":"SELECT * FROM flights"}}""",
            bench.Runtime.Drafts[^1].Settings.GetRawText());
        Assert.False(bench.Runtime.Drafts[^1].ChangeStarts);
    }

    [Fact]
    public async Task Edit_ChecksColumnsAndStarts_AreSentAsTheyAreFilledIn()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/jobs/flights/flights?step=process");
        await page.GetByLabel("Format of column 2").FillAsync("%Y");
        await page.GetByLabel("Format of column 2").PressAsync("Tab");
        await page.GetByLabel("Remove column 1").ClickAsync();
        await page.GetByLabel("Remove check 1, not_null").ClickAsync();
        await page.GetByLabel("Add a check").SelectOptionAsync("range");
        await Assertions.Expect(page.Locator("#set-max")).ToHaveCountAsync(2);
        await page.Locator("#set-max").Last.FillAsync("9");
        await page.Locator("#set-max").Last.PressAsync("Tab");
        await page.GetByRole(AriaRole.Button, new() { Name = "When it runs" }).ClickAsync();
        await page.GetByLabel("Remove trigger 1").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "After another pipeline" }).ClickAsync();
        await page.Locator("#set-after").FillAsync("movies");
        await page.Locator("#set-after").PressAsync("Tab");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).First.ClickAsync();
        await page.Locator(".text-diff .added").First.WaitForAsync();
        var sent = bench.Runtime.Drafts[^1];
        Assert.Equal("""[{"name":"day","type":"DATE","format":"%Y"}]""", sent.Settings.GetProperty("user_schema").GetRawText());
        Assert.Equal("""[{"range":{"column":"delay","min":-120}},{"range":{"max":"9"}}]""", sent.Settings.GetProperty("checks").GetRawText());
        Assert.Equal((true, """{"cron":"0 2 * * *","timezone":"Europe/Berlin"}""", """[{"after":"movies"}]"""), (sent.ChangeStarts, sent.Schedule!.Value.GetRawText(), sent.Triggers!.Value.GetRawText()));
    }

    [Fact]
    public async Task Save_WhenSomebodyWasQuicker_SaysSoAndLosesNothing()
    {
        bench.Runtime.Sample = Sample.Full();
        bench.Runtime.Overtaken = true;
        var page = await bench.OpenAsync("/jobs/flights/flights?step=review");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await page.GetByText("Somebody has stored version 4 of flights meanwhile; nothing was stored.").WaitForAsync();
        Assert.Equal(3, bench.Runtime.StoredPipelines[^1].BaseVersion);
        bench.Runtime.Overtaken = false;
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await page.ArriveAsync("/pipelines/flights");
    }

    [Fact]
    public async Task New_FromATableOfAConnection_IsNamedAndFilledIn()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/connections/shop_db/browse");
        await page.GetByRole(AriaRole.Button, new() { Name = "public.orders", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Ingest it" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Pipeline", new() { Exact = true })).ToHaveValueAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Source", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".wizard-connection.chosen")).ToContainTextAsync("shop_db");
        await page.GetByRole(AriaRole.Button, new() { Name = "Test" }).ClickAsync();
        await page.GetByText("Shop 15.3, 42 tables").WaitForAsync();

        // A connection that is being made belongs to the wizard: one question is asked, the wizard's.
        await page.GetByText("A new connection", new() { Exact = true }).ClickAsync();
        await page.GetByPlaceholder("shop_db").FillAsync("second_shop");
        await page.GetByRole(AriaRole.Link, new() { Name = "Catalog" }).First.ClickAsync();
        var asked = page.GetByRole(AriaRole.Dialog);
        await asked.GetByText("The job is not stored yet. What you have filled in is lost when you leave.").WaitForAsync();
        await Assertions.Expect(asked).ToHaveCountAsync(1);
        await asked.GetByRole(AriaRole.Button, new() { Name = "Stay here" }).ClickAsync();
        await Assertions.Expect(asked).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByPlaceholder("shop_db")).ToHaveValueAsync("second_shop");
    }

    [Fact]
    public async Task New_FilesDroppedOnTheFirstPage_BeginTheJobWithTheirFormat()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/jobs/new");
        await DropAsync(page, "Orders 2024.xlsx");
        await page.Locator("section.wizard-body[aria-label='What to read']").WaitForAsync();
        await Assertions.Expect(page.Locator("#set-config-path")).ToHaveValueAsync("upload:Orders 2024.xlsx");
        // The format of a plugin has its own fields; what CSV alone knows is not offered.
        await page.GetByText("How the files are written").ClickAsync();
        await page.Locator("#set-config-sheet").FillAsync("May");
        await page.Locator("#set-config-sheet").PressAsync("Tab");
        await Assertions.Expect(page.Locator("#set-config-delimiter")).ToHaveCountAsync(0);
        await SentAsync("""{"path":["upload:Orders 2024.xlsx"],"sheet":"May"}""");
        // One more file is read by the same job.
        await DropAsync(page, "more.xlsx");
        await Assertions.Expect(page.Locator("#set-config-path")).ToHaveValueAsync("upload:Orders 2024.xlsx\nupload:more.xlsx");
        await SentAsync("""{"path":["upload:Orders 2024.xlsx","upload:more.xlsx"],"sheet":"May"}""");
        await page.Locator("#set-format").SelectOptionAsync("csv");
        await page.Locator("#set-config-delimiter").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await Assertions.Expect(page.Locator("#set-config-sheet")).ToHaveCountAsync(0);
        await SentAsync("""{"path":["upload:Orders 2024.xlsx","upload:more.xlsx"]}""");
        // Who comes back to the format finds what was written for it.
        await page.Locator("#set-format").SelectOptionAsync("excel");
        await Assertions.Expect(page.Locator("#set-config-sheet")).ToHaveValueAsync("May");
        await SentAsync("""{"path":["upload:Orders 2024.xlsx","upload:more.xlsx"],"sheet":"May"}""");
        await page.Locator("#set-format").SelectOptionAsync("csv");
        await SentAsync("""{"path":["upload:Orders 2024.xlsx","upload:more.xlsx"]}""");
        Assert.Equal(("orders_2024", "orders_2024"), (bench.Runtime.Drafts[^1].Pipeline, bench.Runtime.Drafts[^1].Job));

        // It is not stored yet: leaving asks, within the workbench and out of it.
        await page.GetByRole(AriaRole.Link, new() { Name = "Catalog" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Dialog, new() { Name = "Leave without saving?" }).GetByRole(AriaRole.Button, new() { Name = "Stay here" }).ClickAsync();
        var asked = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        page.Dialog += async (_, dialog) =>
        {
            asked.TrySetResult(dialog.Type);
            await dialog.AcceptAsync();
        };
        await page.CloseAsync(new() { RunBeforeUnload = true });
        Assert.Equal("beforeunload", await asked.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));

        async Task SentAsync(string config)
        {
            for (var i = 0; i < 600 && Config() != config; i++) await Task.Delay(100, TestContext.Current.CancellationToken);
            Assert.Equal(config, Config());
        }

        string? Config()
        {
            return bench.Runtime.Drafts is [.., { Settings: { } s }] && s.TryGetProperty("config", out var c) ? c.GetRawText() : null;
        }
    }

    private static async Task DropAsync(IPage page, string name)
    {
        var zone = page.Locator(".drop-zone[data-ready]");
        await zone.WaitForAsync();
        await zone.EvaluateAsync("""
            (zone, name) => {
              const data = new DataTransfer();
              data.items.add(new File(["rows"], name));
              zone.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
            }
            """, name);
    }

    [Fact]
    public void LineDiff_SeveralPlaces_ShowsEachWithItsNeighbours()
    {
        var before = string.Join('\n', Enumerable.Range(1, 20).Select(i => $"line {i}"));
        var after = before.Replace("line 3\n", "line three\n", StringComparison.Ordinal).Replace("line 15\n", "", StringComparison.Ordinal) + "\nline 21\n";
        Assert.Equal("…| line 2|-line 3|+line three| line 4|…| line 14|-line 15| line 16|…| line 20|+line 21", string.Join('|', LineDiff.Of(before, after, 1).Select(l => l.Sign == '…' ? "…" : l.Sign + l.Text)));
        Assert.DoesNotContain(LineDiff.Of(before, before + "\n", 0), l => l.Sign != '…');
        Assert.Equal("+a|+b", string.Join('|', LineDiff.Of("", "a\nb\n").Select(l => l.Sign + l.Text)));
    }
}
