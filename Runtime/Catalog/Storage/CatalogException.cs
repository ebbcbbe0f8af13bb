namespace FlowForge.Catalog;

/// <summary>The catalog cannot be opened or used; the message says what to do.</summary>
public sealed class CatalogException(string message, Exception? inner = null) : Exception(message, inner);
