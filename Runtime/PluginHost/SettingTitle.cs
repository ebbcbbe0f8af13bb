namespace FlowForge.PluginHost;

/// <summary>What a form calls a setting whose spec gives no title: its name as words, initialisms as people write them, a unit in brackets.</summary>
internal static class SettingTitle
{
    private static readonly Dictionary<string, string> Initialisms = new[]
    {
        "API", "AWS", "CA", "CSV", "DSN", "FTP", "HMAC", "HTTP", "ID", "IP", "JSON", "SAS", "SASL", "SQL", "SSH", "SSL", "TCP", "TLS", "URI", "URL", "XML", "YAML",
    }.ToDictionary(w => w.ToLowerInvariant());

    private static readonly Dictionary<string, string> Units = new() { ["kib"] = "KiB", ["mib"] = "MiB", ["megabytes"] = "MB" };

    /// <param name="name">In snake case, such as <c>fetch_kib</c>, which is "Fetch (KiB)".</param>
    public static string Of(string name)
    {
        var words = name.Split('_', StringSplitOptions.RemoveEmptyEntries);
        var unit = words.Length > 1 && Units.TryGetValue(words[^1], out var known) ? known : null;
        var text = string.Join(' ', (unit is null ? words : words[..^1]).Select(w => Initialisms.GetValueOrDefault(w, w)));
        return $"{char.ToUpperInvariant(text[0])}{text[1..]}{(unit is null ? "" : $" ({unit})")}";
    }
}
