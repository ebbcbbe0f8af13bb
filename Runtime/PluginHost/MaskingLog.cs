using FlowForge.Plugins;

namespace FlowForge.PluginHost;

/// <summary>A plugin's log with secrets replaced by stars.</summary>
internal sealed class MaskingLog(IConnectorLog inner) : IConnectorLog
{
    public void Debug(string message) => inner.Debug(SecretMask.Hide(message));
    public void Information(string message) => inner.Information(SecretMask.Hide(message));
    public void Warning(string message) => inner.Warning(SecretMask.Hide(message));
}
