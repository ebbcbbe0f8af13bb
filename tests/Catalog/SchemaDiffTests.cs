namespace FlowForge.Catalog.Tests;

public sealed class SchemaDiffTests
{
    [Fact]
    public void Of_TwoSchemas_NamesEachDifference()
    {
        SchemaColumn[] before = [new("id", "BIGINT"), new("gone", "DATE"), new("wider", "INTEGER"), new("less", "VARCHAR"), new("other", "DATE"), new("must", "BIGINT"), new("moved", "BIGINT")];
        SchemaColumn[] after = [new("id", "BIGINT"), new("wider", "DECIMAL(12,2)"), new("less", "DOUBLE"), new("other", "BOOLEAN"), new("must", "BIGINT", Nullable: false), new("moved", "BIGINT", true, "from"), new("come", "DATE")];
        Assert.Equal(["new column come DATE", "missing column gone", "wider INTEGER → DECIMAL(12,2)", "less VARCHAR → DOUBLE", "other DATE → BOOLEAN", "must: must not be empty now", "moved comes from 'from', before from 'moved'"],
            SchemaDiff.Of(before, after).Select(d => d.ToString()));
        Assert.Equal([DifferenceKind.Added, DifferenceKind.Removed, DifferenceKind.Widened, DifferenceKind.Narrowed, DifferenceKind.Retyped, DifferenceKind.Nullability, DifferenceKind.Renamed], SchemaDiff.Of(before, after).Select(d => d.Kind));
        Assert.Empty(SchemaDiff.Of(before, before));
    }

    [Theory]
    [InlineData("INTEGER", "BIGINT", DifferenceKind.Widened)]
    [InlineData("BIGINT", "DOUBLE", DifferenceKind.Retyped)]
    [InlineData("INTEGER", "DOUBLE", DifferenceKind.Widened)]
    [InlineData("DECIMAL(10,2)", "DECIMAL(10,3)", DifferenceKind.Retyped)]
    [InlineData("DATE", "TIMESTAMP", DifferenceKind.Widened)]
    [InlineData("TIMESTAMP", "DATE", DifferenceKind.Narrowed)]
    [InlineData("DATE", "VARCHAR", DifferenceKind.Widened)]
    public void Of_Types_SaysWhichHoldsTheOther(string before, string after, DifferenceKind kind) =>
        Assert.Equal(kind, Assert.Single(SchemaDiff.Of([new("a", before)], [new("a", after)])).Kind);

    [Fact]
    public void Suggest_PairsEachColumnOnce_BestFirst()
    {
        LikeColumn[] gone = [new("customer_name", "VARCHAR"), new("amount", "BIGINT"), new("created", "DATE")];
        LikeColumn[] come = [new("amount_eur", "DOUBLE"), new("cust_name", "VARCHAR"), new("flag", "BOOLEAN")];
        var found = ColumnLikeness.Suggest(gone, come, (from, to) => (from, to) == ("customer_name", "cust_name") ? 0.9 : null);
        Assert.Equal([("customer_name", "cust_name")], found.Select(s => (s.From, s.To)));
        Assert.Equal("the names are alike (95 %), both are VARCHAR, 90 % of the new column's values are in the old one", found[0].Reason);
    }

    [Fact]
    public void Suggest_OtherNameButSameValues_IsFound_AndOtherValuesAreNot()
    {
        LikeColumn[] gone = [new("country", "VARCHAR")];
        LikeColumn[] come = [new("country_of_birth", "VARCHAR")];
        Assert.Single(ColumnLikeness.Suggest(gone, come, (_, _) => 1));
        Assert.Empty(ColumnLikeness.Suggest(gone, come, (_, _) => 0));
        Assert.Empty(ColumnLikeness.Suggest([new("a", "DATE")], [new("a2", "BOOLEAN")], (_, _) => 1));
    }
}
