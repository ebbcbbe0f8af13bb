using FlowForge.Plugins;

namespace FlowForge.PluginHost;

/// <summary>A plugin's log with its secrets replaced by stars.</summary>
internal sealed class MaskingLog(IConnectorLog inner, IReadOnlyList<string> secrets) : IConnectorLog
{
    public void Debug(string message) => inner.Debug(Mask(message));
    public void Information(string message) => inner.Information(Mask(message));
    public void Warning(string message) => inner.Warning(Mask(message));

    private string Mask(string message) => secrets.Aggregate(message, (text, secret) => text.Replace(secret, "***", StringComparison.Ordinal));
}
