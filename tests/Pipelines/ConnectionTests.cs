using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

public sealed class ConnectionTests
{
    private static readonly PipelineEnvironment Known = Trusting with
    {
        Connections = new Dictionary<string, string> { ["shop"] = "postgres", ["warehouse"] = "odbc" },
    };

    [Fact]
    public void File_EveryField_IsRead()
    {
        var result = ConnectionParser.Parse("""
            connections:
              shop:
                connector: postgres
                description: Orders
                rate_limit: 600/m
                isolation: process
                settings: { host: db, port: 5433, password: "${secret:shop_password}" }
              other: { connector: file }
            """);
        Assert.Empty(result.Diagnostics);
        Assert.Equal(["shop", "other"], result.Connections.Select(c => c.Name));
        var shop = result.Connections[0];
        Assert.Equal(("postgres", "Orders", new RateLimit(600, TimeSpan.FromMinutes(1)), Isolation.Process, 2), (shop.Connector, shop.Description, shop.RateLimit, shop.Isolation, shop.Line));
        Assert.Equal("600/m", shop.RateLimit!.ToString());
        Assert.Equal("""{"host":"db","port":5433,"password":"${secret:shop_password}"}""", shop.Settings.ToJsonString());
        Assert.Equal((Isolation.None, null), (result.Connections[1].Isolation, result.Connections[1].RateLimit));
    }

    [Fact]
    public void File_Mistakes_AreNamedWithTheirPlaces()
    {
        var result = ConnectionParser.Parse("""
            connections:
              Shop One: { connector: postgres }
              two: { conector: file }
              three: { connector: rest, rate_limit: often, isolation: full }
            """);
        Assert.Equal(
            [
                "(2,3): error FF1106: 'Shop One' is no name: lower-case letters, digits, _ and -, beginning with a letter, up to 100 characters. [connections.Shop One] Call it 'shop_one'.",
                "(3,3): error FF1103: A connection needs 'connector'. [connections.two.connector] Name of the connector.",
                "(3,10): error FF1101: A connection has no field 'conector'. [connections.two.conector] Did you mean 'connector'?",
                "(4,41): error FF1233: 'often' is no rate limit. [connections.three.rate_limit] Write a number and a unit: 10/s, 600/m or 5000/h.",
                "(4,59): error FF1104: 'isolation' is 'full'; it may be none, process. [connections.three.isolation]",
            ],
            result.Diagnostics.Select(d => d.ToString()));
        Assert.Equal(["three"], result.Connections.Select(c => c.Name));
    }

    [Fact]
    public void Job_UnknownConnection_SuggestsTheNearest() => Assert.Equal(
        ["(5,17): error FF1230: There is no connection 'shopp'. [ingest.flights.connection] Did you mean 'shop'?"],
        Bad(Job("source_type: db_query", "connection: shopp", "config: { query: SELECT 1 }"), environment: Known));

    [Fact]
    public void Job_ConnectionOfAnotherConnector_IsRefused() => Assert.Equal(
        ["(4,18): error FF1231: The connection 'shop' is of the connector 'postgres', and source_type 'odbc' asks for 'odbc'. [ingest.flights.source_type] Write source_type: postgres, or name another connection."],
        Bad(Job("source_type: odbc", "connection: shop", "config: { query: SELECT 1 }"), environment: Known));

    [Theory]
    [InlineData("connection: warehouse", "config: { query: SELECT 1 }")]
    [InlineData("is_reference: false", "config: { connection_id: warehouse, query: SELECT 1 }")]
    public void Job_Connection_SaysWhichConnector(string line, string config)
    {
        var result = PipelineParser.Parse(Job("source_type: db_query", line, config), null, Known);
        Assert.Empty(result.Diagnostics);
        Assert.Equal(("odbc", "warehouse"), (result.Definition!.Ingest[0].Connector, result.Definition.Ingest[0].Connection));
    }

    [Fact]
    public void Job_SettingThatTheConnectorRefuses_IsSaidAtItsPlace() => Assert.Equal(
        ["(6,32): error FF1232: 'prot' is not a setting of 'odbc'. [ingest.flights.config.prot] Did you mean 'port'?"],
        Bad(Job("source_type: db_query", "connection: warehouse", "config: { query: SELECT 1, prot: 1 }"),
            environment: Known with { CheckSettings = job => [new SettingFinding("prot", $"'prot' is not a setting of '{job.Connector}'.", "Did you mean 'port'?")] }));

    [Theory]
    [InlineData("10/s", true)]
    [InlineData("0/s", false)]
    [InlineData("10", false)]
    [InlineData("ten/s", false)]
    [InlineData("10/d", false)]
    public void RateLimit_Texts(string text, bool fits) => Assert.Equal(fits, RateLimit.TryParse(text, out _));
}
