using System.Collections.Concurrent;
using System.Text.Json;

namespace FlowForge.Duck;

/// <summary>A table that a query reads: <paramref name="Schema"/> is null when the query names none.</summary>
public readonly record struct SqlTableReference(string? Schema, string Table)
{
    public override string ToString() => Schema is null ? Table : $"{Schema}.{Table}";
}

/// <summary>
/// What a query reads, taken from DuckDB's own parser (nothing is bound: the tables need not exist). Thread-safe.
/// </summary>
public static class SqlReferences
{
    private static readonly LateDatabase Parser = new(new DuckOptions { Threads = 1, MemoryLimitBytes = 64 << 20 });
    private static readonly ConcurrentBag<DuckSession> Idle = [];

    /// <summary>
    /// The tables of one SELECT (also FROM-first, set operations, subqueries, joins, CTE bodies) in the order of their first
    /// appearance, each once, without the names of CTEs in whose scope they stand.
    /// </summary>
    /// <exception cref="DuckException">
    /// Not one SELECT. Kind Parser with <see cref="DuckException.Position"/> for a syntax error, InvalidInput for another statement.
    /// </exception>
    public static IReadOnlyList<SqlTableReference> Tables(string sql)
    {
        using var tree = Parse(sql);
        var found = new OrderedSet();
        TableWalk.Visit(tree.RootElement.GetProperty("statements")[0].GetProperty("node"), CteScope.None, found.Add);
        return found.Items;
    }

    /// <summary>Throws what <see cref="Tables"/> would, and drops the answer.</summary>
    public static void Check(string sql)
    {
        using var _ = Parse(sql);
    }

    internal static JsonDocument Parse(string sql)
    {
        if (!Idle.TryTake(out var session)) session = Parser.Connect();
        try
        {
            var text = session.Scalar<string>("SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true)", default, sql)
                ?? throw new DuckException(DuckErrorKind.Internal, "DuckDB gave no parse tree.");
            // Deeply nested queries are limited by DuckDB's own parser.
            var tree = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 4096 });
            var failed = tree.RootElement.TryGetProperty("error", out var flag) && flag.GetBoolean();
            if (!failed && tree.RootElement.GetProperty("statements").GetArrayLength() == 1) return tree;
            using (tree) throw failed ? ParseError(tree.RootElement, sql) : NotOne(tree.RootElement.GetProperty("statements").GetArrayLength(), sql);
        }
        finally
        {
            Idle.Add(session);
        }
    }

    private static DuckException ParseError(JsonElement error, string sql)
    {
        var type = error.TryGetProperty("error_type", out var t) ? t.GetString() : null;
        var message = error.TryGetProperty("error_message", out var m) ? m.GetString() ?? "" : "";
        int? position = error.TryGetProperty("position", out var p) && int.TryParse(p.GetString(), out var points) ? CharacterAt(sql, points) : null;
        return type == "parser"
            ? new DuckException(DuckErrorKind.Parser, message) { Sql = sql, Position = position }
            : new DuckException(DuckErrorKind.InvalidInput, "The SQL must be one SELECT (WITH, FROM and VALUES are fine); this is another statement.") { Sql = sql, Position = position };
    }

    private static DuckException NotOne(int count, string sql) =>
        new(DuckErrorKind.InvalidInput, $"The SQL must be one SELECT; the text holds {count} statements.") { Sql = sql };

    /// <summary>DuckDB's parser counts code points.</summary>
    private static int CharacterAt(string sql, int points) => sql.EnumerateRunes().Take(points).Sum(r => r.Utf16SequenceLength);

    private sealed class OrderedSet
    {
        private readonly HashSet<SqlTableReference> _seen = [];
        public List<SqlTableReference> Items { get; } = [];

        public void Add(SqlTableReference reference)
        {
            if (_seen.Add(reference)) Items.Add(reference);
        }
    }
}
