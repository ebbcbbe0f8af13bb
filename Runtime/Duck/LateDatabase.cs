namespace FlowForge.Duck;

/// <summary>A database that the first use opens. When that fails, the next use tries again. Thread-safe.</summary>
public sealed class LateDatabase(DuckOptions options) : IDisposable
{
    private readonly Lock gate = new();
    private DuckDatabase? database;
    private bool isDisposed;

    /// <summary>A session of it, which the caller disposes.</summary>
    /// <exception cref="DuckException">It cannot be opened.</exception>
    public DuckSession Connect()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return (database ??= DuckDatabase.Open(options)).Connect();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            database?.Dispose();
        }
    }
}
