namespace FlowForge.Workbench.Catalog;

/// <summary>Finds in a record's raw text what its reject complains of.</summary>
internal static class RawPlace
{
    /// <summary>The value that the message names (<c>"six" is no BIGINT.</c>); null when it names none. A cut one ends before its ellipsis.</summary>
    public static string? Value(string? message)
    {
        if (message is not ['"', ..] || message.IndexOf("\" is no ", StringComparison.Ordinal) is not (> 0 and var end)) return null;
        return message[1..end].TrimEnd('…');
    }

    /// <summary>Start and length of the place; null when the text does not hold it.</summary>
    /// <param name="raw">The record as it was received.</param>
    /// <param name="message">Why it was rejected.</param>
    /// <param name="column">The column that did not fit.</param>
    public static (int Start, int Length)? Of(string raw, string? message, string? column)
    {
        // In JSON the name of the column says which of several equal values it is.
        var from = column is not null && raw.TrimStart().StartsWith('{') && raw.IndexOf($"\"{column}\"", StringComparison.OrdinalIgnoreCase) is >= 0 and var key ? key + column.Length + 2 : 0;
        if (Value(message) is { Length: > 0 } value && raw.IndexOf(value, from, StringComparison.Ordinal) is >= 0 and var at) return (at, value.Length);
        return from > 0 ? (from - column!.Length - 2, column.Length + 2) : null;
    }
}
