using System.Text;

namespace FlowForge.Api.Tables;

/// <summary>Cuts a row filter into tokens.</summary>
internal static class FilterLexer
{
    private static readonly string[] Signs = ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ","];

    public static List<FilterToken> Read(string text)
    {
        var tokens = new List<FilterToken>();
        var i = 0;
        while (true)
        {
            while (i < text.Length && char.IsWhiteSpace(text[i]))
                i++;
            var at = i + 1;
            if (i >= text.Length)
            {
                tokens.Add(new FilterToken(FilterTokenKind.End, "", at));
                return tokens;
            }
            var c = text[i];
            if (c is '\'' or '"')
                tokens.Add(new FilterToken(c == '"' ? FilterTokenKind.QuotedName : FilterTokenKind.Text, Quoted(text, ref i), at));
            else if (char.IsAsciiDigit(c) || c is '-' or '+' or '.' && i + 1 < text.Length && (char.IsAsciiDigit(text[i + 1]) || text[i + 1] == '.'))
                tokens.Add(new FilterToken(FilterTokenKind.Number, Take(text, ref i, d => char.IsAsciiLetterOrDigit(d) || d is '.' or '-' or '+'), at));
            else if (char.IsLetter(c) || c == '_')
                tokens.Add(new FilterToken(FilterTokenKind.Word, Take(text, ref i, d => char.IsLetterOrDigit(d) || d == '_'), at));
            else if (Signs.FirstOrDefault(s => string.CompareOrdinal(text, at - 1, s, 0, s.Length) == 0) is { } sign)
            {
                tokens.Add(new FilterToken(FilterTokenKind.Sign, sign, at));
                i += sign.Length;
            }
            else
                throw new FilterException($"'{c}' at {at} is not understood.");
        }
    }

    private static string Take(string text, ref int i, Func<char, bool> more)
    {
        var start = i++;
        while (i < text.Length && more(text[i]))
            i++;
        return text[start..i];
    }

    /// <summary>A doubled quote stands for one.</summary>
    private static string Quoted(string text, ref int i)
    {
        var (quote, at) = (text[i], i + 1);
        var value = new StringBuilder();
        while (++i < text.Length)
        {
            if (text[i] != quote)
                value.Append(text[i]);
            else if (i + 1 < text.Length && text[i + 1] == quote)
                value.Append(text[i++]);
            else
            {
                i++;
                return value.ToString();
            }
        }
        throw new FilterException($"The quote that opens at {at} is never closed.");
    }
}
