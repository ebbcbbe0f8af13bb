namespace FlowForge.Api.Tables;

/// <summary>Kinds of tokens of a row filter.</summary>
internal enum FilterTokenKind { Word, QuotedName, Text, Number, Sign, End }

/// <summary>One token; <paramref name="At"/> is its 1-based place in the text.</summary>
internal readonly record struct FilterToken(FilterTokenKind Kind, string Text, int At)
{
    public bool Is(string word) => Kind == FilterTokenKind.Word && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSign(string sign) => Kind == FilterTokenKind.Sign && Text == sign;

    public override string ToString() => Kind == FilterTokenKind.End ? "the end" : $"'{Text}'";
}
