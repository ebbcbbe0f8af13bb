using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

public sealed class TriggerTests
{
    private const string Head = "pipeline: p\ningest:\n  orders: { source_type: file_local, config: { path: a.csv } }\n";

    [Fact]
    public void Parse_Triggers_AreRead_WithDefaults()
    {
        var pipeline = Good(Head + "triggers:\n  - arrival: orders\n  - { after: other, on: any }\n");
        Assert.Equal(
            [new ArrivalTrigger("orders", TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)) { Line = 5 }, new AfterTrigger("other", AfterEnd.Any) { Line = 6 }], pipeline.Triggers);
        Assert.Equal(["arrival:orders", "after:other"], pipeline.Triggers.Select(t => t.Key));
    }

    [Theory]
    [InlineData("{ arrival: order }", "(4,23): error FF1405: The pipeline has no ingest job 'order'. [triggers[0].arrival] Did you mean 'orders'?")]
    [InlineData("{ arrival: orders, after: other }", "(4,12): error FF1404: A trigger has either 'arrival' or 'after', not both. [triggers[0]] Write '- { arrival: orders }' or '- { after: other_pipeline }'.")]
    [InlineData("{ on: any }", "(4,12): error FF1404: A trigger needs 'arrival' or 'after'. [triggers[0]] Write '- { arrival: orders }' or '- { after: other_pipeline }'.")]
    [InlineData("{ after: p }", "(4,21): error FF1407: p would run after itself, for ever. [triggers[0].after] Use a schedule.")]
    [InlineData("{ arrival: orders, every: 10ms }", "(4,38): error FF1105: 'every' is shorter than a second. [triggers[0].every] Sources are listed at most once a second.")]
    public void Parse_TriggerThatCannotWork_IsSaid(string trigger, string expected) => Assert.Equal([expected], Bad(Head + $"triggers: [{trigger}]\n"));

    [Fact]
    public void Parse_PipelinesThatStartEachOther_AreRefused_AndAnUnknownOneIsWarnedOf()
    {
        var world = Trusting with { RunsAfter = name => name switch { "b" => ["c"], "c" => ["p"], "d" => [], _ => null } };
        Assert.Equal(["(4,21): error FF1407: The pipelines would start each other for ever: p → b → c → p. [triggers[0].after] Take one of these triggers out."],
            Bad(Head + "triggers: [{ after: b }]\n", environment: world));
        Assert.Equal(["(4,21): warning FF1406: There is no pipeline 'x' yet. [triggers[0].after] It will count once it is saved."], Bad(Head + "triggers: [{ after: x }]\n", environment: world));
        Assert.Empty(Bad(Head + "triggers: [{ after: d }]\n", environment: world));
    }
}
