using System.Text.Json;

namespace FlowForge.Plugins.Rest;

/// <summary>
/// Tells answers that mean "too much, later" from refusals: many GraphQL services say so in the errors of an answer with status 200. A query that costs more than the service ever allows is none of
/// these: it is refused each time.
/// </summary>
internal static class GraphqlThrottle
{
    // Shopify and monday.com; GitHub; Linear; Contentful, Hasura and others.
    private static readonly HashSet<string> Words = new(StringComparer.OrdinalIgnoreCase) { "THROTTLED", "RATE_LIMITED", "RATELIMITED", "RATE_LIMIT", "RATE_LIMIT_EXCEEDED", "RATE-LIMIT-EXCEEDED", "TOO_MANY_REQUESTS" };

    /// <summary>The errors of an answer, none where it has none.</summary>
    public static IReadOnlyList<JsonElement> Errors(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array ? [.. errors.EnumerateArray()] : [];

    /// <summary>How long to wait; zero where the service does not say. Null where this is no answer of a limit: one with another error beside it is refused again later.</summary>
    public static TimeSpan? PauseOf(JsonElement answer)
    {
        var errors = Errors(answer);
        if (errors.Count == 0 || !errors.All(e => e.ValueKind == JsonValueKind.Object && Words.Contains(JsonRecords.Text(e, "extensions.code") ?? JsonRecords.Text(e, "type") ?? ""))) return null;
        // Shopify's bucket: what is missing, at the speed at which it is filled.
        var (wanted, there, speed) = (Number("extensions.cost.requestedQueryCost"), Number("extensions.cost.throttleStatus.currentlyAvailable"), Number("extensions.cost.throttleStatus.restoreRate"));
        return wanted > there && speed > 0 ? TimeSpan.FromSeconds(Math.Min((wanted.Value - there.Value) / speed.Value, 86_400)) : TimeSpan.Zero;

        double? Number(string path) => double.TryParse(JsonRecords.Text(answer, path), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
