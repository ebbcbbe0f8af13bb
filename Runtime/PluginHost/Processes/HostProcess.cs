using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Processes;

/// <summary>The host process of a connector ended by itself: a crash, a stack overflow, a native fault, or the system's memory killer.</summary>
public sealed class PluginCrashException(string message) : Exception(message);

/// <summary>A failure inside of a host process that is none of the contract's.</summary>
public sealed class RemoteConnectorException(string message) : Exception(message);

/// <summary>A connector's host process, called over its pipes. What does not answer a cancellation in time is killed, and only it.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const int KeptLines = 200;
    /// <summary>How .NET begins to say why it ends.</summary>
    private static readonly string[] LastWordsBegin = ["Stack overflow", "Process terminated", "Unhandled exception", "Fatal error", "Out of memory"];
    private readonly string _connector;
    private readonly IConnectorLog _log;
    private readonly IPace? _pace;
    private readonly CancellationTokenSource _closing = new();
    private readonly Process _process;
    private readonly FrameChannel _channel;
    private readonly RenewalDesk _renewals;
    private readonly ConcurrentDictionary<int, RemoteCall> _calls = new();
    private readonly Queue<string> _errors = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private int _nextCall;
    private int _disposed;
    private bool _isEnding;
    private volatile bool _killed;

    private HostProcess(string connector, IConnectorLog log, IPace? pace, IRenewals? renewals, Process process)
    {
        (_connector, _log, _pace, _process) = (connector, log, pace, process);
        _channel = new FrameChannel(process.StandardOutput.BaseStream, process.StandardInput.BaseStream);
        _renewals = new RenewalDesk(renewals, _channel);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginErrorReadLine();
        new Thread(Listen) { IsBackground = true, Name = $"plugin host {connector}" }.Start();
    }

    public int Id => _process.Id;

    /// <summary>Starts the process and opens the connector in it.</summary>
    /// <exception cref="PluginException">It could not be opened.</exception>
    /// <exception cref="PluginCrashException">It died while it was opened.</exception>
    public static async Task<HostProcess> StartAsync(OpenArguments arguments, IConnectorLog log, IPace? pace, IRenewals? renewals, TimeSpan limit)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(HostProcess).Assembly.Location);
        start.ArgumentList.Add("connector");
        // The host needs no key and no token: what its connector may know comes over the pipe.
        foreach (var name in start.Environment.Keys.Where(k => SecretReferences.IsOwn("env:" + k) && !k.Equals("FLOWFORGE_DUCKDB", StringComparison.OrdinalIgnoreCase)).ToList()) start.Environment.Remove(name);
        // A plugin that leaks must not take the machine's memory from the others.
        start.Environment.TryAdd("DOTNET_GCHeapHardLimit", "0x80000000");
        var process = Process.Start(start) ?? throw new PluginException($"The host process of connector '{arguments.Connector}' could not be started.");
        var host = new HostProcess(arguments.Connector, log, pace, renewals, process);
        try
        {
            using var time = new CancellationTokenSource(limit);
            await host.CallAsync<object?>("open", arguments, time.Token).ConfigureAwait(false);
            return host;
        }
        catch (Exception e)
        {
            await host.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException) throw new PluginTimeoutException($"Connector '{arguments.Connector}' did not open within {limit.TotalSeconds:0} s.");
            throw;
        }
    }

    /// <summary>A call with one answer.</summary>
    public async Task<T> CallAsync<T>(string method, object? argument, CancellationToken ct)
    {
        var (answer, _) = await AskAsync(method, argument, ct).ConfigureAwait(false);
        return answer.Header.IsEmpty ? default! : answer.Read<T>();
    }

    /// <summary>A call whose answer is bytes.</summary>
    public async Task<ReadOnlyMemory<byte>> CallForBytesAsync(string method, object? argument, CancellationToken ct) => (await AskAsync(method, argument, ct).ConfigureAwait(false)).Answer.Body;

    /// <summary>A call that gives items, a few of them ahead of the reader.</summary>
    public async IAsyncEnumerable<Frame> ItemsAsync(string method, object? argument, [EnumeratorCancellation] CancellationToken ct)
    {
        var call = Begin(method, argument, default);
        var ended = false;
        try
        {
            for (var i = 0; i < RemoteCall.Window; i++) Want(call);
            while (true)
            {
                Frame frame;
                try { frame = await call.NextAsync(ct).ConfigureAwait(false); }
                catch (ChannelClosedException) { ended = true; throw Failure(); }
                if (frame.Kind == FrameKind.Item)
                {
                    yield return frame;
                    Want(call);
                    continue;
                }
                ended = true;
                if (frame.Kind == FrameKind.Failed) throw Translate(frame.Read<RemoteError>(), ct);
                yield break;
            }
        }
        finally
        {
            if (!ended) await GiveUpAsync(call).ConfigureAwait(false);
            _calls.TryRemove(call.Id, out _);
        }
    }

    private void Want(RemoteCall call)
    {
        try
        {
            _channel.Write(FrameKind.Next, call.Id);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process is on its way out: what it has sent comes still, and then its end.
        }
    }

    /// <summary>A call that takes items, one for each that the host wants.</summary>
    public async Task<T> PushAsync<T>(string method, object? argument, ReadOnlyMemory<byte> body, IAsyncEnumerable<ReadOnlyMemory<byte>> items, CancellationToken ct)
    {
        var call = Begin(method, argument, body);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var answer = AnswerAsync(call, ct);
        var pushing = PushAllAsync();
        try
        {
            return (await answer.ConfigureAwait(false)).Read<T>();
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
            await pushing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task PushAllAsync()
        {
            try
            {
                await foreach (var item in items.WithCancellation(done.Token).ConfigureAwait(false))
                {
                    await call.Wanted.WaitAsync(done.Token).ConfigureAwait(false);
                    _channel.Write(FrameKind.Push, call.Id, default, item.Span);
                }
                _channel.Write(FrameKind.PushEnd, call.Id);
            }
            catch (Exception e) when (!done.IsCancellationRequested)
            {
                // The rows themselves failed: the sink must not take the end for an end.
                call.Fail(e);
                _channel.Write(FrameKind.Cancel, call.Id);
            }
        }
    }

    /// <summary>Closes the connector and ends the process; kills it when it does not end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _closing.CancelAsync().ConfigureAwait(false);
        try
        {
            if (!_ended.Task.IsCompleted)
            {
                using var time = new CancellationTokenSource(BoundedCall.Grace);
                await CallAsync<object?>("close", null, time.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It is to end anyway.
        }
        try { _process.StandardInput.Close(); }
        catch (IOException) { /* it has closed its end */ }
        await Task.WhenAny(_ended.Task, Task.Delay(BoundedCall.Grace)).ConfigureAwait(false);
        Kill();
        await _ended.Task.ConfigureAwait(false);
        _process.Dispose();
    }

    private async Task<(Frame Answer, RemoteCall Call)> AskAsync(string method, object? argument, CancellationToken ct)
    {
        var call = Begin(method, argument, default);
        return (await AnswerAsync(call, ct).ConfigureAwait(false), call);
    }

    private async Task<Frame> AnswerAsync(RemoteCall call, CancellationToken ct)
    {
        try
        {
            var frame = await call.NextAsync(ct).ConfigureAwait(false);
            return frame.Kind == FrameKind.Failed ? throw Translate(frame.Read<RemoteError>(), ct) : frame;
        }
        catch (ChannelClosedException e)
        {
            throw e.InnerException is { } cause and not PluginCrashException ? cause : Failure();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await GiveUpAsync(call).ConfigureAwait(false);
            throw;
        }
        finally
        {
            _calls.TryRemove(call.Id, out _);
        }
    }

    private RemoteCall Begin(string method, object? argument, ReadOnlyMemory<byte> body)
    {
        var call = new RemoteCall(Interlocked.Increment(ref _nextCall));
        _calls[call.Id] = call;
        try
        {
            if (_ended.Task.IsCompleted) throw Failure();
            _channel.Say(FrameKind.Call, call.Id, new CallHeader(method, argument is null ? null : JsonSerializer.SerializeToElement(argument, argument.GetType(), HostJson.Options)), body.Span);
            return call;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The pipe broke: the process is on its way out, and its last words are worth waiting for.
            _calls.TryRemove(call.Id, out _);
            _ended.Task.Wait(BoundedCall.Grace);
            throw Failure();
        }
    }

    /// <summary>Cancels a call and waits until the connector has noticed; one that does not is killed with its process.</summary>
    private async Task GiveUpAsync(RemoteCall call)
    {
        try
        {
            _channel.Write(FrameKind.Cancel, call.Id);
            using var grace = new CancellationTokenSource(BoundedCall.Grace);
            while ((await call.NextAsync(grace.Token).ConfigureAwait(false)).Kind is not (FrameKind.Done or FrameKind.Failed)) { }
        }
        catch (OperationCanceledException)
        {
            _log.Warning($"Connector '{_connector}' did not end within {BoundedCall.Grace.TotalSeconds:0} s of its cancellation: its process is killed.");
            Kill();
        }
        catch (Exception e) when (e is ChannelClosedException or IOException or ObjectDisposedException)
        {
            // It has ended.
        }
    }

    private void Listen()
    {
        try
        {
            while (_channel.Read() is { } frame)
            {
                if (frame.Kind == FrameKind.Pace) _ = PaceAsync(frame.Call);
                else if (frame.Kind == FrameKind.Renew) _renewals.Take(frame.Call, frame.Read<RenewalAsk>());
                else if (frame.Kind == FrameKind.Log) Say(frame.Read<RemoteLine>());
                else if (frame.Kind == FrameKind.Want && _calls.TryGetValue(frame.Call, out var wanting)) wanting.Wanted.Release();
                else if (_calls.TryGetValue(frame.Call, out var call)) call.Offer(frame);
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or JsonException or ObjectDisposedException)
        {
            Kill();
        }
        _renewals.End();
        _process.WaitForExit();
        _failure = new PluginCrashException(LastWords());
        _ended.TrySetResult();
        foreach (var call in _calls.Values) call.Fail(_failure);
    }

    private async Task PaceAsync(int number)
    {
        try
        {
            if (_pace is not null) await _pace.WaitAsync(_closing.Token).ConfigureAwait(false);
            _channel.Write(FrameKind.Paced, number);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The process ends; nobody waits for an answer.
        }
    }

    private string LastWords()
    {
        string[] lines;
        lock (_errors) lines = [.. _errors];
        var code = _process.ExitCode;
        var how = _killed ? "was killed, because it did not answer" : code > 128 ? $"ended by signal {code - 128}" : $"ended with exit code {code}";
        var first = Array.FindIndex(lines, l => LastWordsBegin.Any(w => l.Contains(w, StringComparison.OrdinalIgnoreCase)));
        var said = first < 0 ? "" : string.Join(' ', lines[first..].Select(l => l.Trim()).Where(l => l.Length > 0).Take(2));
        return $"The host process of connector '{_connector}' {how}{(said.Length == 0 ? "." : $": {SecretMask.Hide(said)}")}";
    }

    private PluginCrashException Failure() => _failure is { } known ? new PluginCrashException(known.Message) : new PluginCrashException($"The host process of connector '{_connector}' has ended.");

    private void Say(RemoteLine line)
    {
        if (line.Level == 2) _log.Warning(line.Message);
        else if (line.Level == 1) _log.Information(line.Message);
        else _log.Debug(line.Message);
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_errors)
        {
            // A connector may print as much as it likes before; what is said at the end may be long, and begins with the reason.
            if (LastWordsBegin.Any(w => line.StartsWith(w, StringComparison.OrdinalIgnoreCase)))
            {
                _errors.Clear();
                _isEnding = true;
            }
            if (_errors.Count == KeptLines)
            {
                if (_isEnding) return;
                _errors.Dequeue();
            }
            _errors.Enqueue(line);
        }
    }

    private void Kill()
    {
        if (_ended.Task.IsCompleted) return;
        _killed = true;
        try { _process.Kill(entireProcessTree: true); }
        catch (InvalidOperationException) { /* it has ended by itself */ }
    }

    private static Exception Translate(RemoteError error, CancellationToken ct) => error.Kind switch
    {
        "terminal" => new TerminalException(error.Message, error.Suggestion),
        "transient" => new TransientException(error.Message, error.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null),
        "cancelled" => new OperationCanceledException(error.Message, ct),
        "io" => new IOException(error.Message),
        "timeout" => new TimeoutException(error.Message),
        "plugin" => new PluginException(error.Message),
        _ => new RemoteConnectorException($"{error.Type}: {error.Message}"),
    };
}
