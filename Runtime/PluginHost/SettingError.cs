namespace FlowForge.PluginHost;

/// <summary>One thing wrong with given settings. <c>Path</c> is the setting's name, dotted for groups.</summary>
public sealed record SettingError(string Path, string Message, string? Suggestion = null);

/// <summary>The settings given to a connector are not what its spec asks for; all errors at once.</summary>
public sealed class SettingsException(string connector, IReadOnlyList<SettingError> errors)
    : Exception($"The settings of connector '{connector}' are not valid: {string.Join(" ", errors.Select(e => e.Suggestion is null ? e.Message : $"{e.Message} {e.Suggestion}"))}")
{
    public IReadOnlyList<SettingError> Errors { get; } = errors;
}
