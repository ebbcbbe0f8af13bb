namespace FlowForge.Temporal.DevServer;

/// <summary>The server cannot start; the message says why and what to do.</summary>
public sealed class DevServerException(string message, Exception? inner = null) : Exception(message, inner);
