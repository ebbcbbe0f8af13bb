namespace FlowForge.PluginHost;

/// <summary>A plugin cannot be found, loaded or opened as asked. The message says what, where, and what to do.</summary>
public sealed class PluginException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A plugin folder that could not be loaded; the registry goes on without it.</summary>
public sealed record PluginProblem(string Folder, string Message);
