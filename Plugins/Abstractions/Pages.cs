namespace FlowForge.Plugins;

/// <summary>Hands over records as the JSON that was received, for APIs: the runtime lands the pages and finds the types.</summary>
public interface IPageSource : IConnector
{
    IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, CancellationToken cancellationToken);
}

/// <param name="Records">UTF-8, one JSON value a line; not touched again until the next page is asked for.</param>
/// <param name="Count">Number of records, against which the lines are checked.</param>
/// <param name="Cursor">How far the source has got after this page, where reading can resume.</param>
public readonly record struct SourcePage(ReadOnlyMemory<byte> Records, int Count, string? Cursor = null);
