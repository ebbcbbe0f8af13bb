using System.Text;
using FlowForge.Temporal.DevServer.Namespaces;

namespace FlowForge.Temporal.DevServer.Visibility;

/// <summary>A visibility query as SQL over <c>executions</c>. <see cref="Where"/> uses parameters from <c>$2</c> on; <c>$1</c> is the namespace.</summary>
internal sealed record VisibilityQuery(string Where, IReadOnlyList<object?> Values, string? OrderBy, string? GroupBy);

/// <summary>
/// Reads Temporal's list filter: comparisons, IN, BETWEEN, STARTS_WITH, IS NULL, joined by AND, OR, NOT and brackets, then
/// ORDER BY or GROUP BY.
/// </summary>
internal sealed class QueryParser
{
    private readonly List<QueryToken> _tokens;
    private readonly QueryFields _fields;
    private readonly StringBuilder _sql = new();
    private readonly List<object?> _values = [];
    private int _at;

    private QueryParser(NamespaceEntry ns, string query)
    {
        _tokens = QueryTokens.Read(query);
        _fields = new QueryFields(ns);
    }

    private QueryToken Next => _tokens[_at];

    /// <exception cref="GrpcException">INVALID_ARGUMENT with the reason.</exception>
    public static VisibilityQuery Parse(NamespaceEntry ns, string query)
    {
        var parser = new QueryParser(ns, query);
        return parser.Whole();
    }

    private VisibilityQuery Whole()
    {
        if (Next.Kind != TokenKind.End && !Next.Is("ORDER") && !Next.Is("GROUP"))
        {
            Or();
        }
        string? order = null;
        string? group = null;
        if (Take("GROUP"))
        {
            Expect("BY");
            var at = Next;
            group = Name();
            At(at, () => _fields.RequireGroupable(group));
        }
        if (Take("ORDER"))
        {
            Expect("BY");
            var parts = new List<string>();
            do
            {
                var at = Next;
                var name = Name();
                var column = At(at, () => _fields.Sortable(name));
                parts.Add(Take("DESC") ? $"{column} DESC" : Take("ASC") ? $"{column} ASC" : $"{column} ASC");
            }
            while (TakeSymbol(","));
            order = string.Join(", ", parts);
        }
        if (Next.Kind != TokenKind.End)
        {
            throw QueryTokens.Invalid($"unexpected \"{Next.Value}\" at position {Next.Position + 1}");
        }
        return new VisibilityQuery(_sql.Length == 0 ? "1" : _sql.ToString(), _values, order, group);
    }

    private void Or()
    {
        _sql.Append('(');
        And();
        while (Take("OR"))
        {
            _sql.Append(" OR ");
            And();
        }
        _sql.Append(')');
    }

    private void And()
    {
        Term();
        while (Take("AND"))
        {
            _sql.Append(" AND ");
            Term();
        }
    }

    private void Term()
    {
        if (Take("NOT"))
        {
            _sql.Append("NOT coalesce(");
            Term();
            _sql.Append(", 0)");
        }
        else if (TakeSymbol("("))
        {
            Or();
            ExpectSymbol(")");
        }
        else
        {
            Comparison();
        }
    }

    private void Comparison()
    {
        var at = Next;
        var name = Name();
        var field = At(at, () => _fields.Find(name));
        var negated = Take("NOT");
        if (Take("IN"))
        {
            ExpectSymbol("(");
            var values = new List<object?>();
            do
            {
                values.Add(Value(field));
            }
            while (TakeSymbol(","));
            ExpectSymbol(")");
            Emit(field.In(values, negated, Add));
        }
        else if (Take("BETWEEN"))
        {
            var low = Value(field);
            Expect("AND");
            var high = Value(field);
            Emit(field.Between(low, high, negated, Add));
        }
        else if (Take("STARTS_WITH"))
        {
            Emit(field.StartsWith(Literal().Value, negated, Add));
        }
        else if (negated)
        {
            throw QueryTokens.Invalid($"expected IN, BETWEEN or STARTS_WITH after NOT at position {Next.Position + 1}");
        }
        else if (Take("IS"))
        {
            var not = Take("NOT");
            Expect("NULL");
            Emit(field.IsNull(not));
        }
        else
        {
            var symbol = Next;
            if (symbol.Kind != TokenKind.Symbol || symbol.Value is "(" or ")" or ",")
            {
                throw QueryTokens.Invalid($"expected an operator after {field.Name} at position {symbol.Position + 1}");
            }
            _at++;
            Emit(field.Compare(symbol.Value == "<>" ? "!=" : symbol.Value, Value(field), Add));
        }
    }

    private object? Value(QueryField field)
    {
        var literal = Literal();
        return At(literal, () => field.Value(literal));
    }

    /// <summary>What is wrong with a name or value is told with its place, so that an editor can show it there.</summary>
    private static T At<T>(QueryToken token, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (GrpcException e) when (e.Code == GrpcCode.InvalidArgument)
        {
            throw new GrpcException(e.Code, $"{e.Message} at position {token.Position + 1}");
        }
    }

    private static void At(QueryToken token, Action check) => At(token, () =>
    {
        check();
        return true;
    });

    private string Add(object? value)
    {
        _values.Add(value);
        return $"${_values.Count + 1}";
    }

    private void Emit(string sql) => _sql.Append(sql);

    private string Name()
    {
        var token = Next;
        if (token.Kind is not TokenKind.Word and not TokenKind.QuotedName)
        {
            throw QueryTokens.Invalid(token.Kind == TokenKind.End ? $"expected a search attribute at position {token.Position + 1}, the end" : $"expected a search attribute at position {token.Position + 1}, not \"{token.Value}\"");
        }
        _at++;
        return token.Value;
    }

    private QueryToken Literal()
    {
        var token = Next;
        if (token.Kind is TokenKind.Text or TokenKind.Number || token.Is("true") || token.Is("false") || token.Is("null"))
        {
            _at++;
            return token;
        }
        throw QueryTokens.Invalid(token.Kind == TokenKind.End ? $"expected a value at position {token.Position + 1}, the end" : $"expected a value at position {token.Position + 1}, not \"{token.Value}\"");
    }

    private bool Take(string word)
    {
        if (!Next.Is(word))
        {
            return false;
        }
        _at++;
        return true;
    }

    private bool TakeSymbol(string symbol)
    {
        if (!Next.IsSymbol(symbol))
        {
            return false;
        }
        _at++;
        return true;
    }

    private void Expect(string word)
    {
        if (!Take(word))
        {
            throw QueryTokens.Invalid($"expected {word} at position {Next.Position + 1}");
        }
    }

    private void ExpectSymbol(string symbol)
    {
        if (!TakeSymbol(symbol))
        {
            throw QueryTokens.Invalid($"expected \"{symbol}\" at position {Next.Position + 1}");
        }
    }
}
