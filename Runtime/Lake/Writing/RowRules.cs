using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Duck;
using FlowForge.Lake.Log;
using FlowForge.Lake.Reading;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Writing;

/// <summary>
/// What a table demands of every row: columns that are not NULL, column invariants, CHECK constraints. An expression is evaluated by DuckDB; one that DuckDB does not
/// understand stops the writing, as nobody could say that it holds.
/// </summary>
internal sealed partial class RowRules
{
    public const string ConstraintPrefix = "delta.constraints.";
    private const string InvariantKey = "delta.invariants";
    private readonly string table;
    private readonly MetadataAction metadata;
    private readonly List<(string Name, string Condition)> rules = [];

    public RowRules(string table, MetadataAction metadata)
    {
        (this.table, this.metadata) = (table, metadata);
        foreach (var column in metadata.Schema.Columns)
        {
            NotNull(column, SqlText.Identifier(column.Name), column.Name, null);
            if (column.Metadata?.GetValueOrDefault(InvariantKey) is { ValueKind: JsonValueKind.String } invariant)
                rules.Add(($"the invariant of column {column.Name} ({Invariant(invariant.GetString()!)})", Readable(Invariant(invariant.GetString()!))));
        }
        foreach (var (key, expression) in metadata.Configuration.Where(c => c.Key.StartsWith(ConstraintPrefix, StringComparison.Ordinal)))
            rules.Add(($"the CHECK constraint {key[ConstraintPrefix.Length..]} ({expression})", Readable(expression)));
    }

    /// <summary>True when any row will do.</summary>
    public bool IsEmpty => rules.Count == 0;

    /// <summary>Refuses rows that break a rule.</summary>
    /// <param name="session">Reads the rows.</param>
    /// <param name="scan">FROM-able expression of the rows, the table's columns by their names; a column that it lacks is NULL.</param>
    /// <param name="columns">The columns of <paramref name="scan"/>.</param>
    /// <param name="ct">Interrupts.</param>
    public void Check(DuckSession session, string scan, TableSchema columns, CancellationToken ct)
    {
        if (IsEmpty) return;
        var missing = metadata.Schema.Columns.Where(c => columns.Find(c.Name) is null).Select(c => $", CAST(NULL AS {c.DuckType}) AS {SqlText.Identifier(c.Name)}");
        var rows = $"(SELECT *{string.Concat(missing)} FROM {scan} AS staged)";
        foreach (var (name, condition) in rules)
        {
            if (IsForeign(name) && SqlExpressions.Problem(condition) is { } wrong) throw Unusable(name, wrong, null);
            try
            {
                var broken = session.Scalar<long>($"SELECT count(*) FROM {rows} AS t WHERE NOT coalesce(({condition}\n), false)", ct);
                if (broken == 0) continue;
                var example = session.Scalar<string>($"SELECT CAST(to_json(t) AS VARCHAR) FROM {rows} AS t WHERE NOT coalesce(({condition}\n), false) LIMIT 1", ct);
                throw new RowRuleException(string.Create(CultureInfo.InvariantCulture,
                    $"{broken} of the rows for {table} break {name}, for example {example}. Nothing was published; mend these rows or leave them out by a filter or a check."));
            }
            catch (DuckException e) when (e.Kind is DuckErrorKind.Binder or DuckErrorKind.Parser or DuckErrorKind.Catalog)
            {
                throw Unusable(name, e.Message.Split('\n')[0], e);
            }
        }
    }

    private LakeException Unusable(string name, string why, Exception? inner) =>
        new($"Table {table} has {name}, which DuckDB cannot evaluate ({why}), so nothing is written to it here. Write the expression in common SQL, or drop it.", inner);

    // Its text was written by a person or another program.
    private static bool IsForeign(string name) => !name.StartsWith("NOT NULL", StringComparison.Ordinal);

    /// <summary>True when one of the rules names the column.</summary>
    public string? Naming(string column) => rules.Where(r => Word(column).IsMatch(r.Condition) && IsForeign(r.Name)).Select(r => r.Name).FirstOrDefault();

    /// <summary>An expression of a constraint as DuckDB reads it: Spark quotes names with backticks.</summary>
    /// <exception cref="LakeException">It has a sub-query, which a constraint may not have.</exception>
    public static string Readable(string expression)
    {
        if (Subquery().IsMatch(expression)) throw new LakeException($"The expression '{expression}' has a sub-query; a constraint looks at one row.");
        return expression.Replace('`', '"');
    }

    // A field inside a struct that may be NULL itself is only demanded where the struct is there.
    private void NotNull(TableColumn column, string expression, string shown, string? parent)
    {
        if (!column.Nullable) rules.Add(($"NOT NULL of column {shown}", parent is null ? $"{expression} IS NOT NULL" : $"{parent} IS NULL OR {expression} IS NOT NULL"));
        if (column.Type is not StructType type) return;
        foreach (var field in type.Fields) NotNull(field, $"struct_extract({expression}, {SqlText.Literal(field.Name)})", $"{shown}.{field.Name}", expression);
    }

    private static string Invariant(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("expression").GetProperty("expression").GetString()!;
    }

    private static Regex Word(string column) => new($@"(?<![\w]){Regex.Escape(column)}(?![\w])", RegexOptions.IgnoreCase);

    [GeneratedRegex(@"\bselect\b|\bfrom\b|;", RegexOptions.IgnoreCase)]
    private static partial Regex Subquery();
}
