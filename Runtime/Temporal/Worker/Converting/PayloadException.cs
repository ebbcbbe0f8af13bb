namespace FlowForge.Temporal.Worker;

/// <summary>A payload cannot be read as the wanted type, or cannot be written. Repeating does not help.</summary>
public sealed class PayloadException(string message, Exception? inner = null) : Exception(message, inner);
