using System.Globalization;

namespace FlowForge.PluginHost;

/// <summary>Scalar settings from their text, the same whether YAML gave a number or a quoted one.</summary>
public static class SettingText
{
    /// <summary>The value, or null when the text is not one of the type.</summary>
    internal static object? Parse(SettingType type, string text) => type.Kind switch
    {
        SettingKind.Text => text,
        SettingKind.Boolean => text switch { "true" => true, "false" => false, _ => null },
        SettingKind.Integer => Integer(type.Value, text),
        SettingKind.Number => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? Convert.ChangeType(number, type.Value, CultureInfo.InvariantCulture) : null,
        SettingKind.Time => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null,
        SettingKind.Duration => Duration(text),
        SettingKind.Address => Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : null,
        SettingKind.Choice => type.Choices.ToList().IndexOf(text) is >= 0 and var index ? Enum.Parse(type.Value, Enum.GetNames(type.Value)[index]) : null,
        _ => null,
    };

    private static object? Integer(Type type, string text)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)) return null;
        try { return Convert.ChangeType(value, type, CultureInfo.InvariantCulture); }
        catch (OverflowException) { return null; }
    }

    /// <summary>A span of time such as <c>250ms</c>, <c>5m</c>, <c>2d</c> or <c>00:05:00</c>; null when the text is none.</summary>
    public static TimeSpan? Duration(string text)
    {
        if (TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var span) && text.Contains(':')) return span;
        var unit = text.AsSpan().TrimStart("0123456789.");
        if (!double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)) return null;
        return unit switch
        {
            "ms" => TimeSpan.FromMilliseconds(amount),
            "s" => TimeSpan.FromSeconds(amount),
            "m" => TimeSpan.FromMinutes(amount),
            "h" => TimeSpan.FromHours(amount),
            "d" => TimeSpan.FromDays(amount),
            _ => (TimeSpan?)null,
        };
    }
}
