using FlowForge.Columnar;

namespace FlowForge.Plugins.Testing;

/// <summary>The whole suite of a source of batches.</summary>
public sealed record RowSuite : ConnectorSuite
{
    /// <summary>At least two rows, the same ones each time.</summary>
    public required Reading<IBatchSource> Some { get; init; }

    /// <summary>No row, and columns.</summary>
    public required Reading<IBatchSource> None { get; init; }

    /// <summary>One row.</summary>
    public required Reading<IBatchSource> One { get; init; }

    /// <summary>The values of the one row; one is NULL, and one a text that is not ASCII.</summary>
    public required IReadOnlyList<object?> OneIs { get; init; }

    /// <summary>A million rows of some hundred bytes.</summary>
    public required Reading<IBatchSource> Many { get; init; }

    /// <summary>How many these are.</summary>
    public long ManyRows { get; init; } = 1_000_000;

    /// <summary>Columns of all types that the source knows, a row with values and one with NULLs.</summary>
    public required Reading<IBatchSource> Types { get; init; }

    /// <summary>The schema of <see cref="Types"/>, as text.</summary>
    public required string TypesAre { get; init; }

    /// <summary>The rows of <see cref="Types"/>, in any order.</summary>
    public required IReadOnlyList<object?[]> TypeValues { get; init; }

    /// <summary>Arrow types that <see cref="Types"/> does not have, by the reason why the source cannot give them. All others must be there.</summary>
    public required IReadOnlyDictionary<string, ArrowTypeId[]> Without { get; init; }

    /// <summary>Whether two reads give the rows in one order.</summary>
    public bool IsOrdered { get; init; }

    /// <inheritdoc/>
    public override (string Check, double Amount, string Unit) Large => ("a million rows", ManyRows, "rows");

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, Func<CancellationToken, Task> Check)> Checks()
    {
        yield return ("full read", ct => RowSourceAcceptance.CheckAsync(Some.Open, Some.Request, IsOrdered, ct));
        yield return ("no rows", ct => RowSourceAcceptance.CheckCountAsync(None.Open, None.Request, 0, ct));
        yield return ("one row", CheckOneAsync);
        yield return ("types", CheckTypesAsync);
        yield return ("a million rows", ct => RowSourceAcceptance.CheckLargeAsync(Many.Open, Many.Request, ManyRows, cancellationToken: ct));
        yield return ("cancel", ct => RowSourceAcceptance.CheckCancelAsync(Many.Open, Many.Request, ManyRows, ct));
        yield return ("resume", ct => RowSourceAcceptance.CheckResumeAsync(Many.Open, Many.Request, ManyRows, ct));
        yield return ("leaks", ct => ConnectorAcceptance.CheckLeaksAsync(() => RowSourceAcceptance.ReadAsync(One.Open(), One.Request, ct), LeakRounds));
    }

    private async Task CheckOneAsync(CancellationToken cancellationToken)
    {
        var rows = await RowSourceAcceptance.ReadAsync(One.Open(), One.Request, cancellationToken).ConfigureAwait(false);
        Require(rows.Count == 1, $"One row is there, and {rows.Count} come.");
        Require(OneIs.Contains(null) && OneIs.OfType<string>().Any(t => t.Any(c => c > 127)), "The one row needs a NULL and a text that is not ASCII.");
        Require(RowSourceAcceptance.Text(rows[0]) == RowSourceAcceptance.Text([.. OneIs]), $"The row is ({RowSourceAcceptance.Shown(rows[0])}), and ({RowSourceAcceptance.Shown([.. OneIs])}) was expected.");
    }

    private async Task CheckTypesAsync(CancellationToken cancellationToken)
    {
        var source = Types.Open();
        Schema schema;
        try { schema = await source.SchemaAsync(Types.Request, cancellationToken).ConfigureAwait(false); }
        finally { await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false); }
        Require(schema.ToString() == TypesAre, $"The columns are ({schema}), and ({TypesAre}) was expected.");
        var rows = await RowSourceAcceptance.ReadAsync(Types.Open(), Types.Request, cancellationToken).ConfigureAwait(false);
        var (come, expected) = (rows.Select(RowSourceAcceptance.Text).Order(StringComparer.Ordinal).ToList(), TypeValues.Select(RowSourceAcceptance.Text).Order(StringComparer.Ordinal).ToList());
        Require(come.SequenceEqual(expected), $"The rows are {string.Join(" ", rows.Select(r => $"({RowSourceAcceptance.Shown(r)})"))}, and {string.Join(" ", TypeValues.Select(r => $"({RowSourceAcceptance.Shown(r)})"))} was expected.");
        foreach (var (field, i) in schema.FieldsList.Select((f, i) => (f, i)))
        {
            Require(rows.Any(r => r[i] is not null), $"No row has a value in {field.Name}.");
            Require(!field.IsNullable || rows.Any(r => r[i] is null), $"No row has NULL in {field.Name}.");
        }
        var there = schema.FieldsList.SelectMany(f => RowSourceAcceptance.TypesIn(f.DataType)).ToHashSet();
        var without = Without.SelectMany(w => w.Value).ToHashSet();
        var missing = Enum.GetValues<ArrowTypeId>().Where(t => !there.Contains(t) && !without.Contains(t)).ToList();
        Require(missing.Count == 0, $"Neither is there a column of the types {string.Join(", ", missing)}, nor is said why the source has none.");
        var both = there.Intersect(without).ToList();
        Require(both.Count == 0, $"{string.Join(", ", both)}: said not to be given, and there is a column of it.");
    }
}
