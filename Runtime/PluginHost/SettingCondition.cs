namespace FlowForge.PluginHost;

/// <summary>For which values of another setting a setting means something.</summary>
/// <param name="Setting">The name of the other one, which stands beside it.</param>
/// <param name="Values">Its values, as they are written.</param>
public sealed record SettingCondition(string Setting, IReadOnlyList<string> Values)
{
    /// <param name="text">As <c>kind=basic,bearer</c>.</param>
    /// <param name="where">The setting's name, for the message.</param>
    /// <exception cref="PluginException">It is written in another way.</exception>
    internal static SettingCondition Read(string text, string where) =>
        text.Split('=') is [{ Length: > 0 } name, { Length: > 0 } values] && values.Split(',') is var list && list.All(v => v.Length > 0) ? new SettingCondition(name, list)
        : throw new PluginException($"Setting {where} has When = \"{text}\"; it is written as name=value,value.");

    /// <exception cref="PluginException">There is no such setting, or it can have no such value.</exception>
    internal void Check(SettingDescription setting, IReadOnlyList<SettingDescription> all)
    {
        if (setting.Required) throw new PluginException($"Setting {setting.Name} is required, so that it always means something: leave When out.");
        if (all.FirstOrDefault(s => s.Name == Setting && s != setting) is not { } other) throw new PluginException($"Setting {setting.Name} has When = \"{this}\", and there is no setting {Setting} beside it.");
        IReadOnlyList<string> allowed = other.Kind switch { SettingKind.Choice => other.Choices, SettingKind.Boolean => ["true", "false"], _ => throw new PluginException($"Setting {setting.Name} has When = \"{this}\", and {Setting} is neither a choice nor true or false.") };
        if (Values.FirstOrDefault(v => !allowed.Contains(v)) is { } odd) throw new PluginException($"Setting {setting.Name} has When = \"{this}\", and {Setting} is never {odd}: it has {string.Join(", ", allowed)}.");
    }

    public override string ToString() => $"{Setting}={string.Join(',', Values)}";
}
