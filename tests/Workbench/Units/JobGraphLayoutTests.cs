using FlowForge.Contracts;
using FlowForge.Workbench.Graph;

namespace FlowForge.Workbench.Tests.Units;

public sealed class JobGraphLayoutTests
{
    [Fact]
    public void Arrange_Nothing_IsEmpty()
    {
        var drawing = JobGraphLayout.Arrange([]);
        Assert.Equal((0, 0), (drawing.Width, drawing.Height));
    }

    [Fact]
    public void Arrange_Chain_GoesFromLeftToRight()
    {
        var drawing = JobGraphLayout.Arrange([Node("a"), Node("b", "a"), Node("c", "b")]);
        Assert.True(drawing.Places["a"].X < drawing.Places["b"].X && drawing.Places["b"].X < drawing.Places["c"].X);
        Assert.Equal(drawing.Places["a"].Y, drawing.Places["c"].Y);
        Assert.Equal(["a>b", "b>c"], drawing.Edges.Select(e => $"{e.From}>{e.To}"));
    }

    [Fact]
    public void Arrange_EdgeOverAColumn_PassesBetweenNodes()
    {
        // a waits in the first column, z in the third; b and c stand between them.
        var drawing = JobGraphLayout.Arrange([Node("a"), Node("b", "a"), Node("c", "a"), Node("z", "b", "c", "a")]);
        var path = drawing.Edges.Single(e => e is { From: "a", To: "z" }).Path;
        var lane = int.Parse(path.Split('H')[0].Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.All(new[] { "b", "c" }, id => Assert.False(lane > drawing.Places[id].Y && lane < drawing.Places[id].Y + JobGraphLayout.NodeHeight, $"the edge runs through {id}"));
    }

    [Fact]
    public void Arrange_TwoCrossedPairs_AreUncrossed()
    {
        var drawing = JobGraphLayout.Arrange([Node("a"), Node("b"), Node("after_b", "b"), Node("after_a", "a")]);
        Assert.True(drawing.Places["after_a"].Y < drawing.Places["after_b"].Y == drawing.Places["a"].Y < drawing.Places["b"].Y);
    }

    [Fact]
    public void Arrange_AnyPlan_NeverPutsTwoNodesOnOnePlace()
    {
        var random = new Random(11);
        for (var round = 0; round < 50; round++)
        {
            var nodes = new List<JobNode>();
            for (var i = 0; i < random.Next(1, 40); i++)
                nodes.Add(Node($"n{i}", [.. Enumerable.Range(0, i).Where(_ => random.Next(6) == 0).Select(j => $"n{j}")]));
            var drawing = JobGraphLayout.Arrange(nodes);
            foreach (var (a, b) in nodes.SelectMany((a, i) => nodes.Skip(i + 1).Select(b => (drawing.Places[a.Id], drawing.Places[b.Id]))))
                Assert.True(a.X != b.X || Math.Abs(a.Y - b.Y) >= JobGraphLayout.NodeHeight);
            Assert.All(nodes, n => Assert.All(n.DependsOn, d => Assert.True(drawing.Places[d].X < drawing.Places[n.Id].X)));
            Assert.All(drawing.Places.Values, p => Assert.InRange(p.Y, 0, drawing.Height - JobGraphLayout.NodeHeight));
        }
    }

    [Fact]
    public void Arrange_CycleAndUnknownInput_StillDraws()
    {
        var drawing = JobGraphLayout.Arrange([Node("a", "b"), Node("b", "a"), Node("c", "gone")]);
        Assert.Equal(3, drawing.Places.Count);
    }

    private static JobNode Node(string id, params string[] waitsFor) => new(id, id, JobKind.Ingest, waitsFor, false, null, null, null);
}
