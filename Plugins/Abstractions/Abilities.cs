namespace FlowForge.Plugins;

/// <summary>Finds out quickly whether the system answers and lets us in, changing nothing.</summary>
public interface ITestConnection : IConnector
{
    /// <returns>What was found, in one line, e.g. "PostgreSQL 15.3, 42 tables".</returns>
    /// <exception cref="TerminalException">It does not work; the message says why.</exception>
    Task<string> TestAsync(CancellationToken cancellationToken);
}

/// <summary>Lists what could be read.</summary>
public interface IDiscover : IConnector
{
    IAsyncEnumerable<DiscoveredTable> DiscoverAsync(CancellationToken cancellationToken);
}

/// <summary>A table, file or resource. <c>Name</c> is what <see cref="ReadRequest.Table"/> takes.</summary>
public sealed record DiscoveredTable(string Name)
{
    public IReadOnlyList<DiscoveredColumn> Columns { get; init; } = [];
    public IReadOnlyList<string> Keys { get; init; } = [];
    public long? Rows { get; init; }
    public long? Bytes { get; init; }
}

/// <summary><c>Type</c> is the source's own name for it.</summary>
public sealed record DiscoveredColumn(string Name, string Type, bool Nullable = true);

/// <summary>Tells of changes, so that a run starts when something arrives.</summary>
public interface IWatch : IConnector
{
    /// <summary>One item (what changed, in one line) whenever a run would find something new; runs until cancelled.</summary>
    IAsyncEnumerable<string> WatchAsync(CancellationToken cancellationToken);
}

/// <summary>Reading can start at a <see cref="ReadRequest.Cursor"/>, and the batches say theirs: a read that was interrupted goes on behind what is safe.</summary>
public interface IResume : IConnector;

/// <summary>
/// A source that never ends (a queue, a log of changes): each run goes on at the cursor that the last one committed, and ends where the source stood when it began.
/// A column <c>_ff_op</c> of <c>i</c>, <c>u</c> or <c>d</c> says what happened to a row; with <c>write_mode: merge</c>, <c>d</c> deletes by key.
/// </summary>
public interface IStream : IResume;

/// <summary>
/// Where the settings say that new files come last, it need not list all of them again: a run that wants what is new asks here, one that replaces its table asks <see cref="IFileSource.ListAsync"/>.
/// </summary>
public interface IListNew : IFileSource
{
    /// <summary>The files that match; what earlier runs have dealt with may be left out, and what lies before it. Without such a setting, all of them.</summary>
    /// <param name="seen">The paths that earlier runs have dealt with, in no order.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    IAsyncEnumerable<SourceFile> ListNewAsync(IReadOnlyCollection<string> seen, CancellationToken cancellationToken);
}

/// <summary>Does what may only happen once the rows are safe: moves files, acknowledges messages. Repeated until it succeeds.</summary>
public interface IAfterCommit : IConnector
{
    Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken);
}

/// <summary>Facts about the connection worth watching: requests left, lag, days until a certificate ends.</summary>
public interface IReportHealth : IConnector
{
    Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken);
}

/// <summary>One figure with its unit.</summary>
public sealed record HealthFact(string Name, double Value, string Unit);
