using System.Text.Json.Nodes;

namespace FlowForge.PluginHost;

/// <summary>Settings records outside of connectors (format options), described, validated and bound in the same way.</summary>
public static class SpecBinding
{
    /// <summary>The settings of a record.</summary>
    public static SpecDescription Describe<T>(string name) where T : class, new() => new(name, typeof(T));

    /// <summary>Makes the record from the settings that are its own; others are left alone.</summary>
    /// <param name="name">Whose settings, for messages.</param>
    /// <param name="given">All settings given.</param>
    /// <exception cref="SettingsException">A value is wrong; all errors at once.</exception>
    public static T Bind<T>(string name, JsonObject given) where T : class, new()
    {
        var spec = Describe<T>(name);
        var own = spec.Settings.Select(s => s.Name).ToHashSet();
        var binder = new SettingsBinder(name, static _ => null);
        var result = (T)binder.Bind(spec, given, given.Select(p => p.Key).Where(k => !own.Contains(k)).ToHashSet());
        return binder.Errors.Count == 0 ? result : throw new SettingsException(name, binder.Errors);
    }
}
