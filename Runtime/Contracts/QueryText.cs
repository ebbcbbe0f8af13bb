using System.Globalization;
using System.Text;

namespace FlowForge.Contracts;

/// <summary>Builds a query string; values that are null, empty or default are left out.</summary>
internal sealed class QueryText(string path)
{
    private readonly StringBuilder text = new(path);
    private char next = '?';

    public QueryText Add(string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return this;
        text.Append(next).Append(name).Append('=').Append(Uri.EscapeDataString(value));
        next = '&';
        return this;
    }

    public QueryText Add(string name, long? value) => Add(name, value?.ToString(CultureInfo.InvariantCulture));

    public QueryText Add(string name, bool value) => value ? Add(name, "true") : this;

    public QueryText Add(string name, DateTimeOffset? value) =>
        Add(name, value?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));

    public QueryText AddWord<T>(string name, T? value) where T : struct, Enum =>
        Add(name, value is { } v ? System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(v.ToString()) : null);

    public override string ToString() => text.ToString();
}
