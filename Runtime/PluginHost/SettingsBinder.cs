using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FlowForge.Plugins;

namespace FlowForge.PluginHost;

/// <summary>
/// Makes a spec record from JSON settings. Collects every error instead of stopping at the first; messages name the
/// setting, what is wrong with the value and what is asked for. Values of secrets never appear in a message.
/// </summary>
internal sealed class SettingsBinder(string connector, Func<string, string?> secrets, BindingUse use = BindingUse.Open)
{
    private readonly List<SettingError> _errors = [];

    public IReadOnlyList<SettingError> Errors => _errors;

    /// <param name="spec">The settings asked for.</param>
    /// <param name="given">The settings given.</param>
    /// <param name="others">Names that belong to someone else (format options) and are left alone.</param>
    /// <param name="prefix">Path of the group being bound; empty at the top.</param>
    public object Bind(SpecDescription spec, JsonObject given, IReadOnlySet<string> others, string prefix = "")
    {
        var result = spec.Create();
        foreach (var (name, _) in given)
            if (!others.Contains(name) && spec.Settings.All(s => s.Name != name))
                Unknown(spec, prefix, name);
        foreach (var setting in spec.Settings)
        {
            var path = prefix + setting.Name;
            if (given.TryGetPropertyValue(setting.Name, out var node) && node is not null)
            {
                if (Convert(setting.Type, node, path) is { } value && Fits(setting, value, path))
                    setting.Property.SetValue(result, value);
            }
            else if (setting.Required && (use is not (BindingUse.CheckConnection or BindingUse.OpenConnection) || setting.Scope == SettingScope.Connection))
            {
                Error(path, $"'{path}' is missing.", setting.Description.Length > 0 ? $"It means: {setting.Description}." : null);
            }
            else if (setting.Required && use == BindingUse.OpenConnection && Nothing(setting.Type) is { } nothing)
            {
                setting.Property.SetValue(result, nothing);
            }
        }
        return result;
    }

    /// <summary>What a connector finds in the place of a setting that only a job gives.</summary>
    private static object? Nothing(SettingType type) => type.Kind switch
    {
        SettingKind.Text => "",
        SettingKind.List => Array.CreateInstance(type.Element!.Declared, 0),
        SettingKind.Map => Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), type.Element!.Declared)),
        _ => null,
    };

    private void Unknown(SpecDescription spec, string prefix, string name)
    {
        var known = spec.Settings.Select(s => s.Name).ToList();
        Error(prefix + name, $"'{prefix}{name}' is not a setting of '{connector}'.",
            Suggestion.For(name, known) is { } near ? $"Did you mean '{prefix}{near}'?" : $"It has: {string.Join(", ", known)}.");
    }

    private object? Convert(SettingType type, JsonNode node, string path) => type.Kind switch
    {
        SettingKind.List when node is JsonArray array => List(type, array, path),
        SettingKind.List => List(type, [node.DeepClone()], path),
        SettingKind.Map when node is JsonObject map => Map(type, map, path),
        SettingKind.Group when node is JsonObject group => Bind(type.Group!, group, new HashSet<string>(), path + "."),
        SettingKind.Map or SettingKind.Group => Wrong(path, "needs named values below it", node),
        _ when node is not JsonValue => Wrong(path, $"must be {Asked(type)}", node),
        _ => Scalar(type, (JsonValue)node, path),
    };

    private Array List(SettingType type, JsonArray array, string path)
    {
        var items = Array.CreateInstance(type.Element!.Declared, array.Count);
        for (var i = 0; i < array.Count; i++)
            if (array[i] is { } node && Convert(type.Element, node, $"{path}[{i}]") is { } value) items.SetValue(value, i);
        return items;
    }

    private IDictionary Map(SettingType type, JsonObject map, string path)
    {
        var result = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), type.Element!.Declared))!;
        foreach (var (key, node) in map)
            if (node is not null && Convert(type.Element, node, $"{path}.{key}") is { } value) result[key] = value;
        return result;
    }

    private object? Scalar(SettingType type, JsonValue node, string path)
    {
        var text = node.GetValueKind() is JsonValueKind.String ? node.GetValue<string>() : node.ToJsonString();
        if (!SecretReferences.TryResolve(text, secrets, out var resolved, out var missing))
            return SecretReferences.IsOwn(missing!)
                ? Error(path, $"'{path}' refers to ${{{missing}}}, which is FlowForge's own and is not given to connectors.", "Store the value as a secret and write ${secret:name}.")
                : Error(path, $"'{path}' refers to ${{{missing}}}, which is not there.", "Store the secret or set the environment variable, or correct the name.");
        // A value that is known only when the job runs.
        if ((use is BindingUse.CheckJob or BindingUse.CheckConnection) && text.Contains("${", StringComparison.Ordinal) && resolved.Contains("${", StringComparison.Ordinal)) return null;
        var isSecret = type.Kind == SettingKind.Secret;
        // A secret is one wherever it is used: inside of an address or of a header too.
        if (use is BindingUse.Open or BindingUse.OpenConnection) Learn(text, isSecret ? resolved : null);
        text = resolved;
        if (isSecret) return new Secret(text);
        return SettingText.Parse(type, text) ?? Wrong(path, $"must be {Asked(type)}", node);
    }

    private void Learn(string text, string? secret)
    {
        if (secret is not null) SecretMask.Learn(secret);
        // Variables of the environment hold passwords as often as not.
        foreach (var name in SecretReferences.NamesIn(text)) SecretMask.Learn(secrets(name) ?? "");
    }

    private bool Fits(SettingDescription setting, object value, string path)
    {
        var (size, unit) = value switch
        {
            string text => (text.Length, " characters"),
            Secret secret => (secret.Reveal().Length, " characters"),
            ICollection list => (list.Count, " items"),
            int or long or short or byte or double or float or decimal => (System.Convert.ToDouble(value, CultureInfo.InvariantCulture), ""),
            _ => (double.NaN, ""),
        };
        if (setting.Minimum is { } low && size < low) return Error(path, Bound("at least", low, size, unit)) is not null;
        if (setting.Maximum is { } high && size > high) return Error(path, Bound("at most", high, size, unit)) is not null;
        if (setting.Pattern is { } pattern && value is string given && !Regex.IsMatch(given, $@"\A(?:{pattern})\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(30)))
            return Error(path, $"'{path}' is \"{given}\", which does not match {pattern}.") is not null;
        return true;

        string Bound(string which, double bound, double got, string of) =>
            string.Create(CultureInfo.InvariantCulture, $"'{path}' must be {which} {bound}{(of == " characters" ? " characters long" : of)}, but is {got}.");
    }

    private object? Wrong(string path, string rule, JsonNode node) => Error(path, $"'{path}' {rule}, but is {Shorten(node.ToJsonString())}.");

    private object? Error(string path, string message, string? suggestion = null)
    {
        _errors.Add(new SettingError(path, message, suggestion));
        return null;
    }

    private static string Asked(SettingType type) => type.Kind switch
    {
        SettingKind.Boolean => "true or false",
        SettingKind.Integer => "a whole number",
        SettingKind.Number => "a number",
        SettingKind.Time => "a time like 2024-05-31T12:00:00Z",
        SettingKind.Duration => "a duration like 30s, 5m, 2h or 00:05:00",
        SettingKind.Address => "an address like https://example.com/path",
        SettingKind.Choice => $"one of {string.Join(", ", type.Choices)}",
        _ => "text",
    };

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..77] + "...";
}

/// <summary>What the settings are bound for.</summary>
internal enum BindingUse
{
    /// <summary>A connector will be opened with them.</summary>
    Open,
    /// <summary>As <see cref="Open"/>, but no job is there: what a job says may be missing.</summary>
    OpenConnection,
    /// <summary>Somebody asks whether they are right; values that only a run knows are taken on trust.</summary>
    CheckJob,
    /// <summary>As <see cref="CheckJob"/>, but what a job says may be missing.</summary>
    CheckConnection,
}
