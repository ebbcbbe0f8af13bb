namespace FlowForge.Temporal.DevServer.Visibility;

internal enum TokenKind
{
    Word,
    QuotedName,
    Text,
    Number,
    Symbol,
    End,
}

internal readonly record struct QueryToken(TokenKind Kind, string Value, int Position)
{
    public bool Is(string word) => Kind == TokenKind.Word && Value.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSymbol(string symbol) => Kind == TokenKind.Symbol && Value == symbol;
}

/// <summary>Cuts a visibility query into its parts.</summary>
internal static class QueryTokens
{
    private static readonly string[] Symbols = ["<=", ">=", "!=", "<>", "=", "<", ">", "(", ")", ","];

    /// <exception cref="GrpcException">INVALID_ARGUMENT for what cannot be read.</exception>
    public static List<QueryToken> Read(string query)
    {
        var tokens = new List<QueryToken>();
        var i = 0;
        while (i < query.Length)
        {
            var c = query[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (c is '\'' or '"')
            {
                var start = i;
                tokens.Add(new(TokenKind.Text, Quoted(query, ref i, c), start));
            }
            else if (c == '`')
            {
                var start = i;
                tokens.Add(new(TokenKind.QuotedName, Quoted(query, ref i, c), start));
            }
            else if (char.IsAsciiDigit(c) || (c is '-' or '+' or '.' && i + 1 < query.Length && (char.IsAsciiDigit(query[i + 1]) || query[i + 1] == '.')))
            {
                var start = i++;
                while (i < query.Length && (char.IsAsciiLetterOrDigit(query[i]) || query[i] == '.' || (query[i] is '-' or '+' && query[i - 1] is 'e' or 'E')))
                {
                    i++;
                }
                tokens.Add(new(TokenKind.Number, query[start..i], start));
            }
            else if (char.IsLetter(c) || c == '_')
            {
                var start = i++;
                while (i < query.Length && (char.IsLetterOrDigit(query[i]) || query[i] is '_' or '.' or '-'))
                {
                    i++;
                }
                tokens.Add(new(TokenKind.Word, query[start..i], start));
            }
            else if (Array.Find(Symbols, s => query.AsSpan(i).StartsWith(s)) is { } symbol)
            {
                tokens.Add(new(TokenKind.Symbol, symbol, i));
                i += symbol.Length;
            }
            else
            {
                throw Invalid($"unexpected character '{c}' at position {i + 1}");
            }
        }
        tokens.Add(new(TokenKind.End, "", query.Length));
        return tokens;
    }

    public static GrpcException Invalid(string message) => new(GrpcCode.InvalidArgument, $"invalid query: {message}");

    private static string Quoted(string query, ref int i, char quote)
    {
        var start = i++;
        var text = new System.Text.StringBuilder();
        while (i < query.Length)
        {
            if (query[i] == '\\' && i + 1 < query.Length && query[i + 1] is '\'' or '"' or '\\' or '`')
            {
                text.Append(query[i + 1]);
                i += 2;
            }
            else if (query[i] == quote)
            {
                if (i + 1 < query.Length && query[i + 1] == quote)
                {
                    text.Append(quote);
                    i += 2;
                    continue;
                }
                i++;
                return text.ToString();
            }
            else
            {
                text.Append(query[i++]);
            }
        }
        throw Invalid($"the quote opened at position {start + 1} is not closed");
    }
}
