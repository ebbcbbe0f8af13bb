namespace FlowForge.PluginHost;

/// <summary>A plugin did not come back in time. Its thread, if it never comes back, is lost until the process ends.</summary>
public sealed class PluginTimeoutException(string message) : Exception(message);

/// <summary>Calls into a plugin that must end, whatever the plugin does: on a thread of their own, with a limit, cancelled and then left behind.</summary>
public static class BoundedCall
{
    /// <summary>How long a plugin may take to notice that it was cancelled.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <param name="what">What is done, for the message: "The test of 'shop'".</param>
    /// <param name="work">Opens, uses and disposes; also when nobody waits for it any more.</param>
    /// <exception cref="PluginTimeoutException">It did not end within the limit.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the plugin was told.</exception>
    public static async Task<T> RunAsync<T>(string what, Func<CancellationToken, Task<T>> work, TimeSpan limit, CancellationToken cancellationToken)
    {
        // Not disposed: the work may look at its token after this method has gone.
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        source.CancelAfter(limit);
        var running = Task.Factory.StartNew(() => work(source.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        try
        {
            return await running.WaitAsync(limit + Grace, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested && source.IsCancellationRequested)
        {
            _ = running.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new PluginTimeoutException($"{what} did not end within {limit.TotalSeconds:0.#} s.");
        }
    }
}
