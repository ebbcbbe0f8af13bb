using System.Text.Json.Nodes;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Tests;

/// <summary>The connector in the contract's README is compiled, loaded and read.</summary>
public sealed class ReadMeTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-plugin-tests", Guid.NewGuid().ToString("n"));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Example_Compiled_CountsInUnderSixtyLines()
    {
        var repo = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(repo, "FlowForge.sln"))) repo = Path.GetDirectoryName(repo)!;
        var readMe = await File.ReadAllTextAsync(Path.Combine(repo, "Plugins", "Abstractions", "README.md"), TestContext.Current.CancellationToken);
        var code = readMe.Split("```csharp")[1].Split("```")[0];
        Assert.True(code.Split('\n').Length < 60);
        PluginMaker.Make(Path.Combine(_root, "plugins", "counter"), "Counter", code);
        var registry = PluginRegistry.Scan(Path.Combine(_root, "plugins"), Path.Combine(_root, "shadow"));
        Assert.Empty(registry.Problems);
        await using var lease = registry.Open("counter", new OpenRequest
        {
            Settings = new JsonObject { ["count"] = 3 }, BaseDirectory = _root, AllowedRoots = [_root], Log = new NoLog(),
        });
        var numbers = new List<string>();
        await foreach (var number in ((IRecordSource<object>)lease.Connector).ReadAsync(new ReadRequest(), TestContext.Current.CancellationToken)) numbers.Add(number.ToString()!);
        Assert.Equal(["Number { Value = 1 }", "Number { Value = 2 }", "Number { Value = 3 }"], numbers);
    }

    private sealed class NoLog : IConnectorLog
    {
        public void Debug(string message) { }
        public void Information(string message) { }
        public void Warning(string message) { }
    }
}
