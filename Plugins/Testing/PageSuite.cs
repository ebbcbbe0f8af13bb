using System.Text.Json;

namespace FlowForge.Plugins.Testing;

/// <summary>The whole suite of a source of JSON records.</summary>
public sealed record PageSuite : ConnectorSuite
{
    /// <summary>A record with every kind of value that JSON has, at the limits at which sources break them.</summary>
    public const string Ugly =
        """
        {"id":1,"big":9223372036854775807,"exact":1234567890123456789012345678.0123456789,"half":-0.5,"yes":true,"no":false,"nothing":null,"text":"grün ✓ 😀 \" \\ \t","empty":"","list":[1,null,"x",[]],"nested":{"a":{"b":[{"c":0}]}},"時間":"ключ"}
        """;

    /// <summary>At least two records, the same ones each time.</summary>
    public required Reading<IPageSource> Some { get; init; }

    /// <summary>No record.</summary>
    public required Reading<IPageSource> None { get; init; }

    /// <summary>One record.</summary>
    public required Reading<IPageSource> One { get; init; }

    /// <summary>What the one record holds, among what the source adds: <see cref="Ugly"/> where the source can keep it.</summary>
    public string OneIs { get; init; } = Ugly;

    /// <summary>A million records.</summary>
    public required Reading<IPageSource> Many { get; init; }

    /// <summary>How many these are.</summary>
    public long ManyRecords { get; init; } = 1_000_000;

    /// <inheritdoc/>
    public override (string Check, double Amount, string Unit) Large => ("a million records", ManyRecords, "records");

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, Func<CancellationToken, Task> Check)> Checks()
    {
        yield return ("full read and resume", ct => PageSourceAcceptance.CheckAsync(Some.Open, Some.Request, ct));
        yield return ("no records", CheckNoneAsync);
        yield return ("one record with all types", CheckOneAsync);
        yield return ("a million records", ct => PageSourceAcceptance.CheckLargeAsync(Many.Open, Many.Request, ManyRecords, cancellationToken: ct));
        yield return ("cancel", ct => PageSourceAcceptance.CheckCancelAsync(Many.Open, Many.Request, ManyRecords, ct));
        yield return ("leaks", ct => ConnectorAcceptance.CheckLeaksAsync(() => PageSourceAcceptance.ReadLinesAsync(One.Open(), One.Request, ct), LeakRounds));
    }

    private async Task CheckNoneAsync(CancellationToken cancellationToken)
    {
        var (lines, _) = await PageSourceAcceptance.ReadAsync(None.Open(), None.Request, cancellationToken).ConfigureAwait(false);
        Require(lines.Count == 0, $"No record is there, and {lines.Count} come.");
    }

    private async Task CheckOneAsync(CancellationToken cancellationToken)
    {
        var (lines, _) = await PageSourceAcceptance.ReadAsync(One.Open(), One.Request, cancellationToken).ConfigureAwait(false);
        Require(lines.Count == 1, $"One record is there, and {lines.Count} come.");
        using var record = JsonDocument.Parse(lines[0]);
        using var expected = JsonDocument.Parse(OneIs);
        foreach (var property in expected.RootElement.EnumerateObject())
        {
            Require(record.RootElement.TryGetProperty(property.Name, out var come), $"The record has no {property.Name}: {lines[0]}");
            Require(JsonElement.DeepEquals(come, property.Value), $"{property.Name} comes as {come.GetRawText()}, and {property.Value.GetRawText()} was expected.");
        }
    }
}
