using System.Globalization;
using System.Reflection;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests.Suites;

/// <summary>The connector that a suite is of.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class SuiteOfAttribute(string connector) : Attribute
{
    public string Connector { get; } = connector;

    /// <summary>Of what it does as a sink of rows; what it reads has a suite of its own.</summary>
    public bool IsSink { get; init; }
}

/// <summary>Suites count handles, threads and memory of the process: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "acceptance suites";
}

/// <summary>The whole acceptance suite of a connector, against its server. <c>BuiltInSuitesTests</c> asks for one of each built-in connector.</summary>
public abstract class SuiteTests : IDisposable
{
    /// <summary>A port of this machine where nobody ever answers.</summary>
    protected const int Nobody = 1;

    protected ConnectorFixture Fixture { get; } = new();

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Fills the server, and says what of it the suite is to read.</summary>
    protected abstract Task<ConnectorSuite> SuiteAsync();

    public virtual void Dispose()
    {
        Fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Connector_RealServer_PassesTheWholeSuite()
    {
        var suite = await SuiteAsync();
        var connector = suite.Works();
        (connector as IDisposable)?.Dispose();
        Assert.Equal(GetType().GetCustomAttribute<SuiteOfAttribute>()!.Connector, connector.GetType().GetCustomAttribute<ConnectorAttribute>()!.Name);
        var ran = await suite.CheckAsync(Stop);
        var large = ran.Single(r => r.Check == suite.Large.Check);
        // tests/Benchmarks connectors reads this line.
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"speed {suite.Large.Unit} {suite.Large.Amount / large.Processor.TotalSeconds:f0} {suite.Large.Amount / large.Took.TotalSeconds:f0}"));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", ran.Select(r => $"{r.Check} {r.Took.TotalSeconds:f1} s")));
    }

    /// <summary>Bytes that no compression shortens and no test repeats.</summary>
    protected static byte[] Noise(long bytes)
    {
        var noise = new byte[bytes];
        new Random(7).NextBytes(noise);
        return noise;
    }

    /// <summary>What the files of a file suite hold: an empty one, one whose name needs care, one with bytes of every value.</summary>
    protected static IReadOnlyDictionary<string, byte[]> Files { get; } = new Dictionary<string, byte[]>
    {
        ["a.csv"] = "id,v\n1,x\n"u8.ToArray(), ["empty.csv"] = [], ["grün b+c%20'd.csv"] = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31))],
    };

    protected static Reading<IBatchSource> Rows(Func<IBatchSource> open, string? table = null) => new(open, new ReadRequest { Table = table });

    protected static Reading<IPageSource> Pages(Func<IPageSource> open, string? table = null) => new(open, new ReadRequest { Table = table });
}
