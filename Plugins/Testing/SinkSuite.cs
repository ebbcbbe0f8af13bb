using FlowForge.Columnar;

namespace FlowForge.Plugins.Testing;

/// <summary>The whole suite of a sink of rows. It makes tables of its own, whose names begin with <c>suite_</c>.</summary>
public sealed record SinkSuite : ConnectorSuite
{
    /// <summary>Opens the sink; each call makes a new connector, as for a new run.</summary>
    public required Func<ISink> Open { get; init; }

    /// <summary>The rows of a table, their columns in the order in which they were written, asked by another way than the sink's.</summary>
    public required Func<string, CancellationToken, Task<IReadOnlyList<object?[]>>> Rows { get; init; }

    /// <summary>How many rows a table has, asked by another way than the sink's.</summary>
    public required Func<string, CancellationToken, Task<long>> Count { get; init; }

    /// <summary>Columns of all types that the sink takes.</summary>
    public required Schema Types { get; init; }

    /// <summary>Rows of <see cref="Types"/>: each column has a value in one and NULL in another.</summary>
    public required IReadOnlyList<object?[]> TypeValues { get; init; }

    /// <summary>What <see cref="Rows"/> says of these.</summary>
    public required IReadOnlyList<object?[]> TypesCome { get; init; }

    /// <summary>Arrow types that <see cref="Types"/> does not have, by the reason why the sink does not take them. All others must be there.</summary>
    public required IReadOnlyDictionary<string, ArrowTypeId[]> Without { get; init; }

    /// <summary>How many rows the large write has.</summary>
    public long ManyRows { get; init; } = 1_000_000;

    /// <inheritdoc/>
    public override (string Check, double Amount, string Unit) Large => ("a million rows", ManyRows, "rows");

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, Func<CancellationToken, Task> Check)> Checks()
    {
        var sink = new SinkAcceptance(Open, Rows, Count);
        yield return ("replace", sink.CheckReplaceAsync);
        yield return ("no rows", sink.CheckNoRowsAsync);
        yield return ("repeat", sink.CheckRepeatAsync);
        yield return ("failure in the middle", sink.CheckFailureAsync);
        yield return ("cancel", sink.CheckCancelAsync);
        yield return ("types", CheckTypesAsync);
        yield return ("a million rows", ct => sink.CheckLargeAsync(ManyRows, ct));
        yield return ("marks", sink.CheckMarksAsync);
        yield return ("changes", sink.CheckChangesAsync);
        yield return ("leaks", ct => ConnectorAcceptance.CheckLeaksAsync(() => sink.CheckReplaceAsync(ct), LeakRounds));
    }

    private async Task CheckTypesAsync(CancellationToken cancellationToken)
    {
        var there = Types.FieldsList.SelectMany(f => RowSourceAcceptance.TypesIn(f.DataType)).ToHashSet();
        var without = Without.SelectMany(w => w.Value).ToHashSet();
        var missing = Enum.GetValues<ArrowTypeId>().Where(t => !there.Contains(t) && !without.Contains(t)).ToList();
        SinkAcceptance.Require(missing.Count == 0, $"Neither is there a column of the types {string.Join(", ", missing)}, nor is said why the sink takes none.");
        for (var i = 0; i < Types.FieldsList.Count; i++)
            SinkAcceptance.Require(TypeValues.Any(r => r[i] is not null) && TypeValues.Any(r => r[i] is null) || Types.FieldsList[i].DataType.TypeId == ArrowTypeId.Null, $"{Types.FieldsList[i].Name} needs a value in one row and NULL in another.");
        await new SinkAcceptance(Open, Rows, Count).CheckTypesAsync(Types, TypeValues, TypesCome, cancellationToken).ConfigureAwait(false);
    }
}
