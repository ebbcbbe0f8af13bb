using System.Reflection;
using System.Text.Json.Nodes;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Tests;

/// <summary>The contract's promises: its core is small, 1.x only grows, and what was built against an older minor loads and runs.</summary>
public sealed class ContractTests : IDisposable
{
    private const int MostCoreLines = 200;

    /// <summary>What every connector has to do with; all else belongs to an ability or to one way to hand over.</summary>
    private static readonly string[] Core = ["Connector.cs", "Sources.cs", "Context.cs", "Errors.cs"];

    private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-plugin-tests", Guid.NewGuid().ToString("n"));

    public ContractTests() => Directory.CreateDirectory(_root);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static string Repo
    {
        get
        {
            var repo = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(repo, "FlowForge.sln"))) repo = Path.GetDirectoryName(repo)!;
            return repo;
        }
    }

    private static string Source(string file) => File.ReadAllText(Path.Combine(Repo, "Plugins", "Abstractions", file));

    [Fact]
    public void Core_FitsTwoHundredLines()
    {
        var lines = Core.ToDictionary(f => f, f => Source(f).TrimEnd().Split('\n').Length);
        Assert.True(lines.Values.Sum() <= MostCoreLines, $"The core has {lines.Values.Sum()} lines, {MostCoreLines} are allowed: {string.Join(", ", lines.Select(l => $"{l.Key} {l.Value}"))}. Move what belongs to an ability into a file of its own.");
    }

    [Fact]
    public void Version_IsOne_AndTheTemplateAndTheTutorialSayTheSame()
    {
        var version = typeof(IConnector).Assembly.GetName().Version!;
        Assert.Equal(1, version.Major);
        Assert.Equal(version, typeof(Columnar.Schema).Assembly.GetName().Version);
        Assert.Contains($"\"defaultValue\": \"{version.ToString(3)}\"", File.ReadAllText(Path.Combine(Repo, "Plugins", "templates", "flowforge-connector", ".template.config", "template.json")), StringComparison.Ordinal);
        Assert.Contains($"Include=\"FlowForge.Plugins.Abstractions\" Version=\"{version.ToString(3)}\"", File.ReadAllText(Path.Combine(Repo, "Plugins", "README.md")), StringComparison.Ordinal);
    }

    /// <summary>
    /// Each minor has a list of what it brought. Members may be added to classes and types to the contract, under the next minor; nothing that is listed may go or change, and an interface must not grow, for plugins implement it.
    /// </summary>
    [Fact]
    public void Surface_HoldsAllOfEveryMinor_AndNothingBeside()
    {
        var present = Surface();
        var minor = typeof(IConnector).Assembly.GetName().Version!.Minor;
        var kept = new HashSet<string>(StringComparer.Ordinal);
        for (var m = 0; m <= minor; m++)
        {
            var list = Path.Combine(Repo, "tests", "PluginHost", $"Contract-1.{m}.txt");
            if (m == minor && Environment.GetEnvironmentVariable("FLOWFORGE_WRITE_CONTRACT") == "1") File.WriteAllLines(list, present.Except(kept));
            var brought = File.ReadAllLines(list);
            Assert.True(m > 0 || brought.Length > 200, "The list of version 1.0 is cut off.");
            var interfaces = kept.Where(l => l.StartsWith("interface ", StringComparison.Ordinal)).Select(l => l["interface ".Length..]).ToHashSet();
            Assert.DoesNotContain(brought, l => interfaces.Any(i => l.StartsWith($"{i}.", StringComparison.Ordinal)));
            kept.UnionWith(brought);
        }
        Assert.Empty(kept.Except(present));
        var unlisted = present.Except(kept).ToList();
        Assert.True(unlisted.Count == 0, $"The contract has grown: {string.Join("; ", unlisted)}. When 1.{minor} was released, raise <Version> of Plugins/Abstractions and Runtime/Columnar; then list it with FLOWFORGE_WRITE_CONTRACT=1.");
    }

    [Fact]
    public async Task Plugin_BuiltAgainstAnOlderMinor_LoadsAndRuns()
    {
        // The core and the abilities alone, as a contract of the first minor would be: they need nothing else, Arrow included.
        var contract = PluginMaker.Contract("1.0.0.0", [.. Core.Append("Abilities.cs").Append("Secret.cs").Append("Pace.cs").Append("Renewals.cs").Select(Source)]);
        PluginMaker.Make(Path.Combine(_root, "plugins", "old"), "Old", """
            public sealed record OldSpec
            {
                [Setting("How many", Minimum = 1)] public required int Count { get; init; }
                [Setting("Key", Scope = SettingScope.Connection)] public Secret Key { get; init; }
            }
            public sealed record Row(int Id, string Text);
            [Connector("old", Title = "Old", Description = "Built against 1.0.", Aliases = new[] { "older" })]
            public sealed class OldConnector(ConnectorContext<OldSpec> context) : IRecordSource<Row>, ITestConnection, IDiscover, IReportHealth
            {
                public Task<string> TestAsync(CancellationToken cancellationToken) => context.Settings.Key.IsEmpty ? throw new TerminalException("no key", "give one") : Task.FromResult("key " + context.Settings.Key);
                public async IAsyncEnumerable<Row> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
                {
                    await context.Pace.WaitAsync(cancellationToken);
                    for (var i = 1; i <= context.Settings.Count; i++) yield return new Row(i, context.BaseDirectory.Length > 0 ? "row" : "");
                }
                public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
                {
                    yield return new DiscoveredTable("t") { Columns = new[] { new DiscoveredColumn("id", "int", false) }, Keys = new[] { "id" } };
                    await Task.CompletedTask;
                }
                public Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<HealthFact>>(new[] { new HealthFact("lag", 1, "s") });
            }
            """, contract: contract);
        var registry = PluginRegistry.Scan(Path.Combine(_root, "plugins"), Path.Combine(_root, "shadow"));
        Assert.Empty(registry.Problems);
        var stop = TestContext.Current.CancellationToken;
        await using var lease = registry.Open("older", new OpenRequest { Settings = new JsonObject { ["count"] = 2, ["key"] = "k" }, BaseDirectory = _root, AllowedRoots = [_root], Log = new NoLog() });
        Assert.Equal("key ***", await ((ITestConnection)lease.Connector).TestAsync(stop));
        var read = new List<string>();
        await foreach (var row in ((IRecordSource<object>)lease.Connector).ReadAsync(new ReadRequest(), stop)) read.Add(row.ToString()!);
        Assert.Equal(["Row { Id = 1, Text = row }", "Row { Id = 2, Text = row }"], read);
        await foreach (var table in ((IDiscover)lease.Connector).DiscoverAsync(stop)) Assert.Equal("t(id)", $"{table.Name}({table.Columns[0].Name})");
        Assert.Equal(1, (await ((IReportHealth)lease.Connector).HealthAsync(stop)).Single().Value);
    }

    [Theory]
    [InlineData("1.9.0.0", "1.9")]
    [InlineData("2.0.0.0", "2.0")]
    [InlineData("0.9.0.0", "0.9")]
    public void Plugin_BuiltAgainstANewerMinorOrAnotherMajor_IsRefusedWithWhatToDo(string version, string shown)
    {
        var contract = PluginMaker.Contract(version, [.. Core.Append("Abilities.cs").Append("Secret.cs").Append("Pace.cs").Append("Renewals.cs").Select(Source)]);
        PluginMaker.Make(Path.Combine(_root, "plugins", "other"), "Other", "public sealed record S; [Connector(\"other\")] public sealed class Other(ConnectorContext<S> context) : IConnector { }", contract: contract);
        var problem = Assert.Single(PluginRegistry.Scan(Path.Combine(_root, "plugins"), Path.Combine(_root, "shadow")).Problems);
        Assert.Equal($"Other was built against plugin contract {shown}; this runtime has 1.1. Build it against 1.x up to 1.1, or update FlowForge.", problem.Message);
    }

    private static List<string> Surface()
    {
        var lines = new List<string>();
        foreach (var type in typeof(IConnector).Assembly.GetExportedTypes().OrderBy(Name, StringComparer.Ordinal))
        {
            lines.Add($"{(type.IsInterface ? "interface" : type.IsEnum ? "enum" : type.IsValueType ? "struct" : "class")} {Name(type)}");
            foreach (var member in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).Where(m => m is not Type && !m.Name.Contains('$') && !m.Name.Contains('<')).Select(m => $"{Name(type)}.{Member(m)}").Order(StringComparer.Ordinal))
                lines.Add(member);
            lines.AddRange(type.GetInterfaces().Where(i => i.Assembly == type.Assembly).Select(i => $"{Name(type)} : {Name(i)}").Order(StringComparer.Ordinal));
        }
        return [.. lines.Distinct()];
    }

    private static string Member(MemberInfo member) => member switch
    {
        MethodInfo m => $"{m.Name}({string.Join(", ", m.GetParameters().Select(p => Name(p.ParameterType)))}) {Name(m.ReturnType)}",
        ConstructorInfo c => $"new({string.Join(", ", c.GetParameters().Select(p => Name(p.ParameterType)))})",
        PropertyInfo p => $"{p.Name} {Name(p.PropertyType)}",
        FieldInfo f => $"{f.Name} {Name(f.FieldType)}{(f.IsLiteral ? $" = {Convert.ToInt64(f.GetRawConstantValue(), System.Globalization.CultureInfo.InvariantCulture)}" : "")}",
        _ => member.ToString()!,
    };

    private static string Name(Type type) => type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.Name;

    private sealed class NoLog : IConnectorLog
    {
        public void Debug(string message) { }
        public void Information(string message) { }
        public void Warning(string message) { }
    }
}
