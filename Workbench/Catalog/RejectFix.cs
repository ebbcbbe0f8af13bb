using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowForge.Workbench.Catalog;

/// <summary>A rule that makes rejected records fit, as a change of their job's settings.</summary>
/// <param name="Key">For the form.</param>
/// <param name="Words">What it does, for people.</param>
/// <param name="Asks">What has to be filled in; null for nothing.</param>
/// <param name="Put">Changes the settings; the text is what was filled in.</param>
internal sealed record RejectFix(string Key, string Words, string? Asks, Action<JsonObject, string> Put)
{
    /// <summary>What is proposed for the answer.</summary>
    public string Proposal { get; init; } = "";

    /// <summary>The rules that can help records of a reason.</summary>
    /// <param name="settings">The job's settings as its pipeline says them.</param>
    /// <param name="reason">Why they were rejected.</param>
    /// <param name="column">The column that did not fit; null when it is about the whole record.</param>
    /// <param name="value">A value that did not fit, where one is known.</param>
    public static IReadOnlyList<RejectFix> For(JsonElement settings, string? reason, string? column, string? value)
    {
        var csv = settings.TryGetProperty("format", out var format) && format.GetString() is "csv" or "tsv" || !settings.TryGetProperty("format", out _);
        var declared = settings.TryGetProperty("user_schema", out _);
        var fixes = new List<RejectFix>();
        if (reason is "WRONG_TYPE" && csv) fixes.Add(new("null", "The text means “no value”", "Text", AddNull) { Proposal = value ?? "" });
        if (reason is "WRONG_TYPE" && column is not null)
        {
            if (declared)
            {
                fixes.Add(new("type", $"{column} has another type", "Type", (s, type) => Column(s, column)["type"] = type) { Proposal = "VARCHAR" });
                fixes.Add(new("format", $"Dates of {column} are written in another way", "Format, such as %d.%m.%Y", (s, f) => Column(s, column)["format"] = f) { Proposal = "%d.%m.%Y" });
            }
            else
            {
                fixes.Add(new("follow", $"The table follows the source: {column} takes a wider type", null, (s, _) => Map(s, "drift_columns")[column] = "evolve"));
                if (csv) fixes.Add(new("dates", "Dates are written in another way", "Format, such as %d.%m.%Y", (s, f) => Map(s, "config")["date_format"] = f) { Proposal = "%d.%m.%Y" });
            }
        }
        if (reason is "MISSING_VALUE" && column is not null && declared) fixes.Add(new("nullable", $"{column} may be missing", null, (s, _) => Column(s, column)["nullable"] = true));
        if (reason is "MISSING_COLUMNS" && csv) fixes.Add(new("padding", "Short records have no values at their end", null, (s, _) => Map(s, "config")["null_padding"] = true));
        if (reason is "INVALID_UTF8") fixes.Add(new("encoding", "The files are written in another encoding", "utf-16, latin-1 or windows-1252", (s, e) => Map(s, "config")["encoding"] = e) { Proposal = "windows-1252" });
        if (reason is "BROKEN_QUOTES" && csv) fixes.Add(new("quote", "Values are quoted by another sign, or not at all", "Sign; nothing for none", (s, q) => Map(s, "config")["quote"] = q));
        if (reason is "TOO_MANY_COLUMNS" && csv) fixes.Add(new("delimiter", "Values are separated by another sign", "Sign", (s, d) => Map(s, "config")["delimiter"] = d) { Proposal = ";" });
        fixes.Add(new("rename", "A column of the source gets another name in the table", "source name: table name", Rename) { Proposal = column is null ? "" : $"{column}: " });
        fixes.Add(new("limit", "More records may be rejected before a run fails", "Number, or share such as 2%", (s, limit) => s["max_rejects"] = long.TryParse(limit, out var n) ? n : limit) { Proposal = "2%" });
        return fixes;
    }

    private static void AddNull(JsonObject settings, string text)
    {
        var config = Map(settings, "config");
        var known = config["null_strings"] switch { JsonArray list => [.. list.Select(n => n?.ToString() ?? "")], JsonValue one => [one.ToString()], _ => new List<string> { "" } };
        if (!known.Contains(text)) known.Add(text);
        config["null_strings"] = new JsonArray([.. known.Select(t => (JsonNode)t)]);
    }

    private static void Rename(JsonObject settings, string text)
    {
        if (text.Split(':', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } from, { Length: > 0 } to]) throw new FormatException("Write the name in the source, a colon, and the name in the table.");
        Map(settings, "rename_map")[from] = to;
    }

    private static JsonObject Map(JsonObject parent, string name)
    {
        if (parent[name] is JsonObject there) return there;
        var made = new JsonObject();
        parent[name] = made;
        return made;
    }

    /// <summary>The column's entry in user_schema, spelled out.</summary>
    private static JsonObject Column(JsonObject settings, string column)
    {
        if (settings["user_schema"] is JsonObject map)
        {
            var name = map.Select(c => c.Key).FirstOrDefault(k => string.Equals(k, column, StringComparison.OrdinalIgnoreCase)) ?? column;
            if (map[name] is JsonObject full) return full;
            var spelled = new JsonObject { ["type"] = map[name]?.ToString() ?? "VARCHAR" };
            map[name] = spelled;
            return spelled;
        }
        var list = settings["user_schema"] as JsonArray ?? [];
        settings["user_schema"] ??= list;
        if (list.OfType<JsonObject>().FirstOrDefault(c => string.Equals(c["name"]?.ToString(), column, StringComparison.OrdinalIgnoreCase)) is { } entry) return entry;
        var added = new JsonObject { ["name"] = column, ["type"] = "VARCHAR" };
        list.Add((JsonNode)added);
        return added;
    }
}
