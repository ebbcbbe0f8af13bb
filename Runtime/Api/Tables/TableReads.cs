using FlowForge.Api.Hosting;
using FlowForge.Duck;

namespace FlowForge.Api.Tables;

/// <summary>
/// Reads for people who look at tables, all within one budget: one engine with its own memory limit, a few reads at once, and a time after
/// which a read is given up. Runs are not slowed down by it beyond that. Thread-safe.
/// </summary>
internal sealed class TableReads : IDisposable
{
    private const int ReadsAtOnce = 3;

    private readonly LateDatabase database;
    private readonly SemaphoreSlim slots = new(ReadsAtOnce, ReadsAtOnce);
    private readonly TimeSpan timeout;

    public TableReads(RuntimeSettings settings)
    {
        timeout = settings.ReadTimeout;
        // Opened by the first read: an idle runtime keeps no engine.
        database = new LateDatabase(new DuckOptions
        {
            MemoryLimitBytes = settings.ReadMemoryBytes, Threads = Math.Max(1, Environment.ProcessorCount), TempDirectory = settings.SpillFolder
        });
    }

    /// <summary>Runs a read on a session of its own. Throws <see cref="TimeoutException"/> when its time, waiting included, is over.</summary>
    public async Task<T> ReadAsync<T>(Func<DuckSession, CancellationToken, T> read, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(timeout);
        try
        {
            await slots.WaitAsync(limit.Token);
            try
            {
                return await Task.Run(() =>
                {
                    using var session = database.Connect();
                    return read(session, limit.Token);
                }, CancellationToken.None);
            }
            finally
            {
                slots.Release();
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested && limit.IsCancellationRequested)
        {
            throw new TimeoutException($"The table could not be read within {timeout.TotalSeconds:0} s.");
        }
    }

    public void Dispose()
    {
        database.Dispose();
        slots.Dispose();
    }
}
