using System.Text.Json;
using System.Text.Json.Serialization;

namespace FlowForge.Contracts;

/// <summary>
/// The one JSON dialect of the API: camelCase names, enums as lower-case strings, nulls left out, times as ISO 8601 in UTC.
/// Server, client and <c>--json</c> output share it.
/// </summary>
public static class ContractsJson
{
    /// <summary>Read-only options; safe to share between threads.</summary>
    public static JsonSerializerOptions Options { get; } = Build();

    /// <summary>Applies the dialect to options that somebody else owns (the API's HTTP pipeline).</summary>
    public static void Apply(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = true;
        options.NumberHandling = JsonNumberHandling.Strict;
        // A name given twice is a slip: nobody can know which one was meant.
        options.AllowDuplicateProperties = false;
        // Read by programs and people, never put into HTML as it is: quotes and umlauts may stay themselves.
        options.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
    }

    private static JsonSerializerOptions Build()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Apply(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
