namespace FlowForge.Duck.Tests;

public sealed class ColumnLineageTests
{
    private static readonly Dictionary<string, string[]> Tables = new()
    {
        ["bronze.t"] = ["id", "x", "y", "z"], ["silver.u"] = ["id", "k", "m"],
    };

    private static string Of(string sql, IReadOnlyDictionary<string, string>? macros = null)
    {
        var lineage = ColumnLineage.Of(sql, t => Tables.GetValueOrDefault(t), macros);
        return string.Join("; ", lineage.Columns.Select(c => $"{c.Name} {c.Kind.ToString()[0]}:{string.Join("+", c.From)}")) + (lineage.Conditions.Count == 0 ? "" : $" | {string.Join(" ", lineage.Conditions)}");
    }

    [Theory]
    [InlineData("SELECT x, y AS b, 1 AS one, x + t.z AS s FROM bronze.t", "x C:bronze.t.x; b C:bronze.t.y; one D:; s D:bronze.t.x+bronze.t.z")]
    [InlineData("SELECT * FROM bronze.t a JOIN silver.u b USING (id) WHERE a.z > b.m", "id C:bronze.t.id; x C:bronze.t.x; y C:bronze.t.y; z C:bronze.t.z; k C:silver.u.k; m C:silver.u.m | bronze.t.id silver.u.id bronze.t.z silver.u.m")]
    [InlineData("SELECT b.* EXCLUDE (k), a.x FROM bronze.t a LEFT JOIN silver.u b ON a.id = b.id", "id C:silver.u.id; m C:silver.u.m; x C:bronze.t.x | bronze.t.id silver.u.id")]
    [InlineData("SELECT * REPLACE (x * 2 AS x) FROM bronze.t", "id C:bronze.t.id; x D:bronze.t.x; y C:bronze.t.y; z C:bronze.t.z")]
    [InlineData("SELECT id, count(*) AS n, sum(x) + 1 AS s FROM bronze.t GROUP BY id HAVING max(y) > 1", "id C:bronze.t.id; n A:; s A:bronze.t.x | bronze.t.id bronze.t.y")]
    [InlineData("WITH a(q, r) AS (SELECT id, max(x) FROM bronze.t GROUP BY 1), b AS (SELECT r AS w FROM a) SELECT w || 'x' AS v FROM b", "v A:bronze.t.x")]
    [InlineData("SELECT x FROM bronze.t UNION ALL SELECT m FROM silver.u", "x C:bronze.t.x+silver.u.m")]
    [InlineData("SELECT (SELECT max(m) FROM silver.u WHERE u.id = t.id) AS mm, lag(y) OVER (ORDER BY z) AS p FROM bronze.t", "mm A:silver.u.m; p A:bronze.t.y+bronze.t.z | silver.u.id bronze.t.id")]
    [InlineData("SELECT s.a FROM (SELECT x + y AS a FROM bronze.t) s WHERE s.a IN (SELECT k FROM silver.u)", "a D:bronze.t.x+bronze.t.y | silver.u.k bronze.t.x bronze.t.y")]
    [InlineData("SELECT x AS a, a + 1 AS b FROM bronze.t", "a C:bronze.t.x; b D:bronze.t.x")]
    [InlineData("SELECT list_transform([x], lambda y: y + z) AS l FROM bronze.t", "l D:bronze.t.x+bronze.t.z")]
    [InlineData("SELECT any_col, o.other.field FROM gold.unknown o", "any_col C:gold.unknown.any_col; field C:gold.unknown.other")]
    [InlineData("WITH RECURSIVE r AS (SELECT id AS n FROM bronze.t UNION ALL SELECT n + 1 FROM r) SELECT n FROM r", "n D:bronze.t.id")]
    [InlineData("SELECT u FROM bronze.t, unnest([x, y]) AS f(u)", "u D:bronze.t.x+bronze.t.y")]
    [InlineData("SELECT v FROM (VALUES (1)) f(v)", "v D:")]
    [InlineData("SELECT id FROM bronze.t SEMI JOIN silver.u USING (id)", "id C:bronze.t.id | bronze.t.id silver.u.id")]
    [InlineData("FROM bronze.t SELECT x ORDER BY y", "x C:bronze.t.x | bronze.t.y")]
    public void Of_Query_FollowsColumns(string sql, string expected) => Assert.Equal(expected, Of(sql));

    [Fact]
    public void Of_TableMacro_IsItsSelect() =>
        Assert.Equal("x C:bronze.t.x | bronze.t.y", Of("SELECT x FROM recent(5)", new Dictionary<string, string> { ["recent"] = "SELECT x FROM bronze.t WHERE y < n" }));
}
