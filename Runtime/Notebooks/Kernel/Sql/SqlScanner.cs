namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>Finds the ends of names and of AT clauses in SQL text that DuckDB's parser has accepted already.</summary>
internal static class SqlScanner
{
    /// <summary>Where the (qualified) name that begins at <paramref name="at"/> ends.</summary>
    public static int EndOfName(string sql, int at, int parts)
    {
        for (var part = 0; part < parts; part++)
        {
            if (part > 0) at = SkipSpace(sql, SkipSpace(sql, at) + 1);
            at = EndOfToken(sql, at);
        }
        return at;
    }

    /// <summary>The AT clause after <paramref name="from"/>: its span, and the span of the expression behind <c>=&gt;</c>.</summary>
    public static (Range Clause, Range Expression) AtClause(string sql, int from)
    {
        for (var at = SkipSpace(sql, from); at < sql.Length; at = SkipSpace(sql, EndOfToken(sql, at)))
        {
            if (!IsWord(sql, at, "AT")) continue;
            var open = SkipSpace(sql, at + 2);
            if (open >= sql.Length || sql[open] != '(') continue;
            var close = EndOfToken(sql, open);
            var arrow = SkipSpace(sql, EndOfToken(sql, SkipSpace(sql, open + 1)));
            return (at..close, (arrow + 2)..(close - 1));
        }
        throw new InvalidOperationException("The AT clause was not found.");
    }

    private static bool IsWord(string sql, int at, string word) =>
        string.Compare(sql, at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) == 0 && EndOfToken(sql, at) == at + word.Length;

    /// <summary>Behind blanks and comments.</summary>
    private static int SkipSpace(string sql, int at)
    {
        while (at < sql.Length)
        {
            if (char.IsWhiteSpace(sql[at])) at++;
            else if (Starts(sql, at, "--")) at = Behind(sql, "\n", at + 2);
            else if (Starts(sql, at, "/*")) at = Behind(sql, "*/", at + 2);
            else break;
        }
        return at;
    }

    /// <summary>Behind a word, a quoted text or name, a whole parenthesis, or one other character.</summary>
    private static int EndOfToken(string sql, int at)
    {
        if (at >= sql.Length) return at;
        switch (sql[at])
        {
            case '"' or '\'':
                var quote = sql[at++];
                while (at < sql.Length && (sql[at] != quote || (at + 1 < sql.Length && sql[at + 1] == quote))) at += sql[at] == quote ? 2 : 1;
                return Math.Min(at + 1, sql.Length);
            case '(':
                for (at = SkipSpace(sql, at + 1); at < sql.Length && sql[at] != ')';) at = SkipSpace(sql, EndOfToken(sql, at));
                return Math.Min(at + 1, sql.Length);
            case var c when char.IsLetterOrDigit(c) || c is '_' or '$' || c > 127:
                while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] is '_' or '$' || sql[at] > 127)) at++;
                return at;
            default:
                return at + 1;
        }
    }

    private static bool Starts(string sql, int at, string text) => string.CompareOrdinal(sql, at, text, 0, text.Length) == 0;

    private static int Behind(string sql, string text, int from) =>
        sql.IndexOf(text, from, StringComparison.Ordinal) is >= 0 and var found ? found + text.Length : sql.Length;
}
