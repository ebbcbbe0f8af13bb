namespace FlowForge.Api.Tables;

/// <summary>A row filter that is not understood; the message says what and where.</summary>
internal sealed class FilterException(string message) : Exception(message);
