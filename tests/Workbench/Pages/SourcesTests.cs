using System.Text.Json;
using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using FlowForge.Workbench.Tests.Fakes;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>Connections, connectors and secrets by mouse and keyboard.</summary>
public sealed class SourcesTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task NewConnection_FromTheGallery_IsFilledTestedAndSaved()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources");
        await page.GetByRole(AriaRole.Link, new() { Name = "New connection" }).ClickAsync();
        await page.GetByLabel("Search connectors").FillAsync("shop");
        await page.GetByRole(AriaRole.Link, new() { Name = "Connect Shop database" }).ClickAsync();
        var save = page.GetByRole(AriaRole.Button, new() { Name = "Save" });
        await Assertions.Expect(save).ToBeDisabledAsync();
        await page.GetByPlaceholder("shop_db").FillAsync("new_shop");
        await page.Locator("#set-port").FillAsync("seventy");
        await page.Locator("#set-host").FillAsync("db.local");
        await page.GetByText("It must be a whole number.").WaitForAsync();
        await Assertions.Expect(save).ToBeDisabledAsync();
        await page.Locator("#set-port").FillAsync("6543");
        await page.Locator("#set-password").FillAsync("top secret ");
        await page.Locator("#set-ssl_mode").SelectOptionAsync("require");
        await page.Locator("#set-headers").ClickAsync();
        await page.GetByLabel("Headers, name 1").FillAsync("x-app");
        await page.GetByLabel("Headers, value 1").FillAsync("ff");

        bench.Runtime.TestGate = new TaskCompletionSource();
        await page.GetByRole(AriaRole.Button, new() { Name = "Test" }).ClickAsync();
        await page.GetByText("Testing…").WaitForAsync();
        bench.Runtime.TestGate.SetResult();
        await page.GetByText("Shop 15.3, 42 tables").WaitForAsync();
        bench.Runtime.TestGate = null;
        const string Settings = """{"host":"db.local","port":6543,"password":"top secret ","ssl_mode":"require","headers":{"x-app":"ff"}}""";
        Assert.Equal((null, "shop", Settings), (bench.Runtime.Tests[^1].Name, bench.Runtime.Tests[^1].Connector, bench.Runtime.Tests[^1].Settings!.Value.GetRawText()));

        await save.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "new_shop" }).WaitForAsync();
        Assert.EndsWith("/sources/connections/new_shop", page.Url);
        Assert.Equal(("new_shop", "shop", Settings), (bench.Runtime.StoredConnections[^1].Name, bench.Runtime.StoredConnections[^1].Body.Connector, bench.Runtime.StoredConnections[^1].Body.Settings!.Value.GetRawText()));
    }

    [Fact]
    public async Task Form_ShowsWhatFitsTheChosenKind_AndWhatIsStoredWithoutNeed()
    {
        bench.Runtime.Sample = new Sample
        {
            Connectors = [Sample.Api],
            Connections = [new() { Name = "orders_api", Connector = "api", ConnectorTitle = "Orders API", Settings = JsonDocument.Parse("""{ "base_url": "https://orders.example.com/", "auth": { "kind": "bearer", "token": "${secret:orders_api.auth.token}" } }""").RootElement }],
        };
        var page = await bench.OpenAsync("/sources/connections/orders_api");
        await page.GetByText("${secret:orders_api.auth.token}").WaitForAsync();
        await ShowsAsync("auth.token");
        await page.Locator("#set-tls").SelectOptionAsync("true");
        await ShowsAsync("auth.token", "ca_certificate");
        // A stored secret does not go unseen: it is shown as what is not used.
        await page.Locator("#set-auth-kind").SelectOptionAsync("oauth2_refresh");
        await ShowsAsync("auth.token", "auth.token_url", "auth.refresh_token", "ca_certificate");
        await Assertions.Expect(page.Locator(".setting", new() { HasText = "auth.token" }).First.Locator(".unused")).ToHaveTextAsync("Not used: Kind is oauth2_refresh.");
        await page.Locator("#set-auth-token_url").FillAsync("https://orders.example.com/token");
        await page.Locator("#set-auth-refresh_token").FillAsync("r0");
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "connection-kinds.png"), FullPage = true });
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
            await page.EvaluateAsync("document.documentElement.dataset.theme = 'dark'");
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "connection-kinds-dark.png"), FullPage = true });
        }
        // Taken out, it is gone.
        await page.GetByRole(AriaRole.Button, new() { Name = "Replace" }).ClickAsync();
        await ShowsAsync("auth.token_url", "auth.refresh_token", "ca_certificate");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByText("Saved", new() { Exact = true }).WaitForAsync();
        Assert.Equal("""{"base_url":"https://orders.example.com/","auth":{"kind":"oauth2_refresh","token_url":"https://orders.example.com/token","refresh_token":"r0"},"tls":true}""", bench.Runtime.StoredConnections[^1].Body.Settings!.Value.GetRawText());

        // Beside base_url, auth.kind and tls, which always mean something.
        Task ShowsAsync(params string[] fields) => Assertions.Expect(page.Locator(".setting > label > code")).ToHaveTextAsync(["base_url", "auth.kind", .. fields.Where(f => f.StartsWith("auth.", StringComparison.Ordinal)), "tls", .. fields.Where(f => !f.StartsWith("auth.", StringComparison.Ordinal))]);
    }

    [Fact]
    public async Task Connection_StoredSecret_IsNeverInThePageAndStaysWhenOtherSettingsChange()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/connections/shop_db");
        await page.GetByText("${secret:shop_db.password}").WaitForAsync();
        // What ends soon is marked, figures of other kinds are not.
        await page.Locator(".run-strip .warn-text", new() { HasText = "5.5 days" }).WaitForAsync();
        Assert.Equal(1, await page.Locator(".run-strip .warn-text").CountAsync());
        await page.Locator("#set-host").FillAsync("other.example.com");
        await page.Locator("#set-host").PressAsync("Tab");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByText("Saved", new() { Exact = true }).WaitForAsync();
        Assert.Equal("""{"host":"other.example.com","password":"${secret:shop_db.password}","headers":{"x-app":"flowforge"}}""", bench.Runtime.StoredConnections[^1].Body.Settings!.Value.GetRawText());
        await page.GetByRole(AriaRole.Button, new() { Name = "Replace" }).ClickAsync();
        await page.Locator("input#set-password").FillAsync("newer");
        await Assertions.Expect(page.GetByText("Saved", new() { Exact = true })).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByText("Saved", new() { Exact = true }).WaitForAsync();
        Assert.Equal("newer", bench.Runtime.StoredConnections[^1].Body.Settings!.Value.GetProperty("password").GetString());
    }

    [Fact]
    public async Task Form_LeftWithChanges_AsksFirst_AndNotOnceTheyAreSaved()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/connections");
        await page.GetByRole(AriaRole.Link, new() { Name = "shop_db", Exact = true }).ClickAsync();
        await page.ArriveAsync("/sources/connections/shop_db");
        var tabs = page.GetByRole(AriaRole.Navigation, new() { Name = "Views of the connection" });
        var description = page.GetByLabel("Description", new() { Exact = true });
        var asked = page.GetByRole(AriaRole.Dialog, new() { Name = "Leave without saving?" });
        var saved = page.GetByText("Saved", new() { Exact = true });
        await Assertions.Expect(description).ToHaveValueAsync("Orders and customers");

        // Back, with the cursor still in the field; and by a tab. A question that is still open would take the next click.
        await description.FillAsync("Orders only");
        await page.EvaluateAsync("history.back()");
        await asked.WaitForAsync();
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "connection-leave.png") });
            await page.EvaluateAsync("document.documentElement.dataset.theme = 'dark'");
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "connection-leave-dark.png") });
        }
        await StayAsync();
        await tabs.GetByRole(AriaRole.Link, new() { Name = "Settings" }).ClickAsync();
        await tabs.GetByRole(AriaRole.Link, new() { Name = "Browse" }).ClickAsync();
        await StayAsync();
        await Assertions.Expect(description).ToHaveValueAsync("Orders only");
        await tabs.GetByRole(AriaRole.Link, new() { Name = "Browse" }).ClickAsync();
        await asked.GetByRole(AriaRole.Button, new() { Name = "Leave" }).ClickAsync();
        await page.ArriveAsync("/sources/connections/shop_db/browse");
        await tabs.GetByRole(AriaRole.Link, new() { Name = "Settings" }).ClickAsync();
        await Assertions.Expect(description).ToHaveValueAsync("Orders and customers");

        // Limit and isolation are changes as others are: they ask, and nothing says that they are saved.
        await UnfoldAsync();
        await page.GetByLabel("Rate limit").FillAsync("10/m");
        await tabs.GetByRole(AriaRole.Link, new() { Name = "Used by" }).ClickAsync();
        await StayAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await saved.WaitForAsync();
        await UnfoldAsync();
        await page.GetByLabel("Where the connector runs").SelectOptionAsync("Process");
        await Assertions.Expect(saved).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Link, new() { Name = "Catalog" }).First.ClickAsync();
        await StayAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await saved.WaitForAsync();
        var stored = bench.Runtime.StoredConnections[^1].Body;
        Assert.Equal(("Orders and customers", "10/m", ConnectorIsolation.Process), (stored.Description, stored.RateLimit, stored.Isolation));
        await page.GetByRole(AriaRole.Link, new() { Name = "Catalog" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Catalog" }).WaitForAsync();

        async Task StayAsync()
        {
            await asked.GetByText("The connection has changes that are not saved. They are lost when you leave.").WaitForAsync();
            await asked.GetByRole(AriaRole.Button, new() { Name = "Stay here" }).ClickAsync();
            await Assertions.Expect(asked).ToHaveCountAsync(0);
            await page.ArriveAsync("/sources/connections/shop_db");
        }

        Task UnfoldAsync() => page.Locator("details.more", new() { HasText = "Limits and isolation" }).EvaluateAsync("d => d.open = true");
    }

    [Fact]
    public async Task Save_RefusedByTheRuntime_ShowsTheReasonAtItsField()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/connections/shop_db");
        await page.Locator("#set-host").FillAsync("nowhere");
        await page.Locator("#set-host").PressAsync("Tab");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByText("'host' is nowhere. Name a real one.").WaitForAsync();
        await page.GetByText("The settings of 'shop_db' have 1 error; nothing was stored.").WaitForAsync();
    }

    [Fact]
    public async Task Test_ThatFails_ShowsTheWholeErrorAndWhatToDo()
    {
        bench.Runtime.Sample = Sample.Full();
        bench.Runtime.Sample.Tested = new(false, "could not connect to server: Connection refused\nIs it running on host \"db.example.com\"?", "Check host and port.", 2.5, DateTimeOffset.UtcNow);
        var page = await bench.OpenAsync("/sources/connections/shop_db");
        // Another description makes no other settings: those that are stored are tested.
        await page.GetByLabel("Description", new() { Exact = true }).FillAsync("Orders");
        await page.GetByRole(AriaRole.Button, new() { Name = "Test" }).ClickAsync();
        await page.GetByText("Is it running on host \"db.example.com\"?").WaitForAsync();
        await page.GetByText("Check host and port.").WaitForAsync();
        Assert.Equal(("shop_db", null), (bench.Runtime.Tests[^1].Name, bench.Runtime.Tests[^1].Settings));
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "connection-test-failed.png"), FullPage = true });
    }

    [Fact]
    public async Task Browse_TableColumnsAndRows_AreShown()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/connections/shop_db/browse", dark: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Columns of public.orders" }).ClickAsync();
        await page.GetByText("timestamp with time zone not null").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "public.orders", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Cell, new() { Name = "customer 12" }).Or(page.GetByRole(AriaRole.Cell, new() { Name = "customer 11" })).First.WaitForAsync();
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "connection-browsed-dark.png") });
        await page.GetByRole(AriaRole.Button, new() { Name = "public.audit", Exact = true }).ClickAsync();
        await page.GetByText("permission denied for table audit").WaitForAsync();
        await page.GetByText("Grant SELECT on it.").WaitForAsync();
    }

    [Fact]
    public async Task Delete_ConnectionInUse_WarnsFirst()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/connections/shop_db");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByText("2 jobs will fail at the next run:").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep it" }).ClickAsync();
        await page.GetByText("2 jobs will fail at the next run:").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Contains(bench.Runtime.Sample.Connections, c => c.Name == "shop_db");
        // Who deletes it is not asked whether what was typed may be lost.
        await page.GetByLabel("Description", new() { Exact = true }).FillAsync("Not needed any more");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete anyway" }).ClickAsync();
        await page.GetByRole(AriaRole.Row, new() { Name = "warehouse" }).WaitForAsync();
        Assert.DoesNotContain(bench.Runtime.Sample.Connections, c => c.Name == "shop_db");
    }

    [Fact]
    public async Task FileConnection_CannotBeChangedHere()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/connections/warehouse");
        await page.GetByText("connections/warehouse.yaml").First.WaitForAsync();
        await Assertions.Expect(page.Locator("#set-host")).ToBeDisabledAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Save" })).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Delete" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Secrets_AreStoredChangedAndDeleted()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/secrets");
        await page.GetByRole(AriaRole.Button, new() { Name = "New secret" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "New secret" });
        await dialog.GetByLabel("Name").FillAsync("api_token");
        await dialog.GetByLabel("Value").FillAsync("v4lue");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Cell, new() { Name = "api_token", Exact = true }).WaitForAsync();
        Assert.Equal(("api_token", "v4lue"), bench.Runtime.StoredSecrets[^1]);
        Assert.DoesNotContain("v4lue", await page.ContentAsync(), StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete shop_db.password" }).ClickAsync();
        await page.GetByText("These fail at their next use: connection shop_db.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete anyway" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Cell, new() { Name = "shop_db.password", Exact = true })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Uploads_ChosenAndDropped_ArriveAndCanBeCancelledAndDeleted()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/uploads");
        await page.GetByText("Nothing uploaded yet").WaitForAsync();
        await page.Locator(".drop-zone[data-ready]").WaitForAsync();
        var bytes = Enumerable.Range(0, 9 << 20).Select(i => (byte)(i * 31)).ToArray();
        await page.GetByLabel("Choose files to upload").SetInputFilesAsync(new FilePayload { Name = "orders.csv", MimeType = "text/csv", Buffer = bytes });
        await page.GetByText("arrived as upload:orders.csv").WaitForAsync();
        Assert.Equal(bytes, bench.Runtime.Uploaded["orders.csv"]);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), bench.Runtime.StartedUploads[^1].Sha256);

        // Dropped, with the box ticked, and stopped while the runtime thinks.
        bench.Runtime.UploadGate = new TaskCompletionSource();
        await page.GetByLabel("Replace files of the same name").CheckAsync();
        await page.Locator(".drop-zone[data-replace=true]").WaitForAsync();
        await page.EvaluateAsync("""
            () => {
              const data = new DataTransfer();
              data.items.add(new File(["a,b\n1,2\n"], "dropped.csv"));
              document.querySelector(".drop-zone").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
            }
            """);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel dropped.csv" }).ClickAsync();
        await page.GetByText("cancelled", new() { Exact = true }).WaitForAsync();
        Assert.True(bench.Runtime.StartedUploads[^1].Replace);
        bench.Runtime.UploadGate = null;

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete orders.csv" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await page.GetByText("Nothing uploaded yet").WaitForAsync();
        Assert.Empty(bench.Runtime.Uploaded);
        Assert.Equal(["dropped.csv"], bench.Runtime.CancelledUploads);
    }

    [Fact]
    public async Task Webhook_Connection_ShowsItsAddressAndLastPosts()
    {
        bench.Runtime.Sample = Sample.Full();
        bench.Runtime.Sample.Connections.Add(new ConnectionDetail { Name = "shop_hook", Connector = "webhook", ConnectorTitle = "Webhook", Description = "Orders of the shop", UpdatedAt = DateTimeOffset.UtcNow, Settings = System.Text.Json.JsonSerializer.SerializeToElement(new { hook = "shop-orders" }) });
        var page = await bench.OpenAsync("/sources/connections/shop_hook");
        await page.GetByText("http://127.0.0.1:5080/hooks/shop-orders").WaitForAsync();
        await page.GetByText("order-881").WaitForAsync();
        Assert.Equal(5, await page.Locator("tr:has-text('\"order\"')").CountAsync());
        await page.GetByText("1,234").First.WaitForAsync();
    }
}
