namespace FlowForge.Notebooks.Sessions;

/// <summary>A kernel could not be started, is gone, or refused a request; the message says why and what to do.</summary>
public sealed class KernelException(string message, Exception? inner = null) : Exception(message, inner);
