using FlowForge.PluginHost.Tests;

namespace FlowForge.Api.Tests;

/// <summary>The plugins folder of the runtime under test: the built-in ones, and a shop whose connector tells everything it knows.</summary>
internal static class SamplePlugins
{
    private const string Shop = """
        using System.Linq; using FlowForge.Columnar;
        public sealed record ShopSpec
        {
            [Setting("Name or address of the shop", Scope = SettingScope.Connection, Example = "shop.example.com")] public required string Host { get; init; }
            [Setting("Its port", Scope = SettingScope.Connection, Minimum = 1, Maximum = 65535)] public int Port { get; init; } = 443;
            [Setting("The password", Scope = SettingScope.Connection)] public Secret Password { get; init; }
            [Setting("Further headers", Scope = SettingScope.Connection)] public IReadOnlyDictionary<string, Secret> Headers { get; init; } = new Dictionary<string, Secret>();
            [Setting("What to do: work, hang, break")] public string Mood { get; init; } = "work";
            [Setting("How many rows")] public required long Count { get; init; }
        }

        [Connector("shop", Title = "Shop", Description = "Orders of a shop.")]
        public sealed class ShopConnector(ConnectorContext<ShopSpec> context) : ITestConnection, IDiscover, IBatchSource
        {
            public async Task<string> TestAsync(CancellationToken cancellationToken)
            {
                var given = context.Settings.Password.Reveal();
                context.Log.Warning("logging in with " + given);
                if (context.Settings.Mood == "hang") Thread.Sleep(Timeout.Infinite);
                if (context.Settings.Mood == "break") throw new InvalidOperationException("secret in an unexpected place: " + given);
                await Task.Yield();
                if (given != "right-password-4711") throw new TerminalException("The shop refused the password " + given + " at https://x?p=" + Uri.EscapeDataString(given), "Change " + given + ".");
                return "logged in with " + given;
            }

            public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
            {
                await Task.Yield();
                yield return new DiscoveredTable("orders") { Keys = new[] { "id" }, Rows = 3, Columns = new[] { new DiscoveredColumn("id", "bigint", false), new DiscoveredColumn("note", "text") } };
                yield return new DiscoveredTable("customers");
            }

            public ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken) => new(Rows(0).Schema);

            public async IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
            {
                await Task.Yield();
                yield return new SourceBatch(Rows((int)context.Settings.Count));
            }

            private RecordBatch Rows(int count)
            {
                var builder = new RecordBatchBuilder(new Schema(new[] { new Field("id", Int64Type.Default, false), new Field("note", StringType.Default) }));
                for (var i = 1L; i <= count; i++) builder.AppendRow(i, i == 2 ? null : "note with " + context.Settings.Password.Reveal());
                return builder.Build();
            }
        }

        public static class ShopFunctions
        {
            public sealed record Shelf(int Number, string Label);
            [SqlFunction("with_vat", Description = "A price with its tax.")] public static double WithVat(double price, double? rate) => price * (1 + (rate ?? 0.2));
            [SqlFunction("shelves")] public static IEnumerable<Shelf> Shelves(int count) => Enumerable.Range(1, count).Select(i => new Shelf(i, "shelf " + i));
        }
        """;

    public static void Make(string folder)
    {
        var configuration = AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries)[^1];
        foreach (var plugin in new[] { "file", "formats", "rest" })
        {
            var built = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "plugins", configuration, plugin));
            Directory.CreateDirectory(Path.Combine(folder, plugin));
            foreach (var file in Directory.GetFiles(built)) File.Copy(file, Path.Combine(folder, plugin, Path.GetFileName(file)));
        }
        PluginMaker.Make(Path.Combine(folder, "Shop"), "Shop", Shop);
    }
}
