using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Columnar;
using FlowForge.PluginHost.Rows;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Processes;

/// <summary>The inside of a host process: one connector, called over pipes. Ends when its runtime closes the pipe or dies.</summary>
internal sealed class ConnectorHost(FrameChannel channel) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, HostedCall> _calls = new();
    private readonly ConcurrentDictionary<int, SourceFile> _files = new();
    private readonly PipePace _pace = new(channel);
    private readonly PipeRenewals _renewals = new(channel);
    private ConnectorLease? _lease;
    private int _fileNumber;

    public static async Task<int> RunAsync()
    {
        var channel = new FrameChannel(Console.OpenStandardInput(), Console.OpenStandardOutput());
        // What a plugin prints must not get among the frames.
        Console.SetOut(Console.Error);
        Console.SetIn(TextReader.Null);
        await using var host = new ConnectorHost(channel);
        return host.Serve();
    }

    public ValueTask DisposeAsync() => _lease?.DisposeAsync() ?? default;

    private int Serve()
    {
        while (channel.Read() is { } frame)
        {
            switch (frame.Kind)
            {
                case FrameKind.Call:
                    var call = new HostedCall { Id = frame.Call, Channel = channel };
                    _calls[frame.Call] = call;
                    // A plugin that blocks its thread must not block the reading of frames.
                    _ = Task.Factory.StartNew(() => AnswerAsync(call, frame), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
                    break;
                case FrameKind.Next: Of(frame)?.Credit(); break;
                case FrameKind.Push: Of(frame)?.Push(frame.Body); break;
                case FrameKind.PushEnd: Of(frame)?.PushEnd(); break;
                case FrameKind.Cancel: Of(frame)?.Cancel(); break;
                case FrameKind.Paced: _pace.Answer(frame.Call); break;
                case FrameKind.Renewed: _renewals.Answer(frame.Call, frame.Read<RenewalAnswer>()); break;
            }
        }
        return 0;
    }

    private HostedCall? Of(Frame frame) => _calls.GetValueOrDefault(frame.Call);

    private async Task AnswerAsync(HostedCall call, Frame frame)
    {
        try
        {
            var header = frame.Read<CallHeader>();
            var (answer, body) = await DoAsync(call, header.Method, header.Argument, frame.Body).ConfigureAwait(false);
            channel.Say(FrameKind.Done, call.Id, answer, body.Span);
        }
        catch (Exception e)
        {
            channel.Say(FrameKind.Failed, call.Id, Describe(e));
        }
        finally
        {
            _calls.TryRemove(call.Id, out _);
            call.Dispose();
        }
    }

    private async Task<(object? Answer, ReadOnlyMemory<byte> Body)> DoAsync(HostedCall call, string method, JsonElement? argument, ReadOnlyMemory<byte> body)
    {
        switch (method)
        {
            case "open": Open(Argument<OpenArguments>()); return default;
            case "close":
                if (_lease is not null) await _lease.DisposeAsync().ConfigureAwait(false);
                return default;
            case "test": return (await As<ITestConnection>().TestAsync(call.Cancelled).ConfigureAwait(false), default);
            case "health": return (await As<IReportHealth>().HealthAsync(call.Cancelled).ConfigureAwait(false), default);
            case "discover": await EachAsync(As<IDiscover>().DiscoverAsync(call.Cancelled), t => call.SendAsync(t, default)).ConfigureAwait(false); return default;
            case "watch": await EachAsync(As<IWatch>().WatchAsync(call.Cancelled), t => call.SendAsync(t, default)).ConfigureAwait(false); return default;
            case "list": await EachAsync(As<IFileSource>().ListAsync(call.Cancelled), f => call.SendAsync(Number(f), default)).ConfigureAwait(false); return default;
            case "list_new": await EachAsync(As<IListNew>().ListNewAsync(Argument<string[]>(), call.Cancelled), f => call.SendAsync(Number(f), default)).ConfigureAwait(false); return default;
            case "file": await SendFileAsync(call, Argument<int>()).ConfigureAwait(false); return default;
            case "committed":
                var commit = Argument<RemoteCommit>();
                await As<IAfterCommit>().CommittedAsync(commit.Files, commit.Cursor, call.Cancelled).ConfigureAwait(false);
                return default;
            case "schema": return (null, BatchBytes.Write(await SchemaAsync(Argument<ReadRequest>(), call.Cancelled).ConfigureAwait(false)));
            case "read": await ReadAsync(call, Argument<ReadRequest>()).ConfigureAwait(false); return default;
            case "pages": await EachAsync(As<IPageSource>().ReadAsync(Argument<ReadRequest>(), call.Cancelled), p => call.SendAsync(new RemotePage(p.Count, p.Cursor), p.Records)).ConfigureAwait(false); return default;
            case "preview": await EachAsync(As<IPreview>().PreviewAsync(Argument<ReadRequest>(), call.Cancelled), b => SendAsync(call, null, b)).ConfigureAwait(false); return default;
            case "write":
                var write = Argument<RemoteWrite>();
                var request = new WriteRequest(write.Table, BatchBytes.ReadSchema(body), write.Key, write.Replace) { Writer = write.Writer, After = write.After, Keys = write.Keys };
                return (await As<ISink>().WriteAsync(request, Batches(call), call.Cancelled).ConfigureAwait(false), default);
            case "mark": return (await As<IMarkedSink>().MarkAsync(Argument<string>(), call.Cancelled).ConfigureAwait(false), default);
            case "files": await EachAsync(As<IFileSink>().FilesAsync(Argument<string>(), call.Cancelled), f => call.SendAsync(f, default)).ConfigureAwait(false); return default;
            // One byte before the content: a file that is empty is not one that is not there.
            case "get": return (null, await As<IFileSink>().GetAsync(Argument<string>(), call.Cancelled).ConfigureAwait(false) is { } content ? (byte[])[0, .. content] : default);
            case "put":
                var pushed = new PushedStream(call.TakeAsync());
                await using (pushed.ConfigureAwait(false)) await As<IFileSink>().PutAsync(Argument<SinkFile>(), pushed, call.Cancelled).ConfigureAwait(false);
                return default;
            case "remove": await As<IFileSink>().RemoveAsync(Argument<string>(), call.Cancelled).ConfigureAwait(false); return default;
            default: throw new PluginException($"The host process does not know '{method}': it is of another version than the runtime. Build both anew.");
        }

        T Argument<T>() => argument!.Value.Deserialize<T>(HostJson.Options)!;
    }

    private void Open(OpenArguments open)
    {
        var plugin = LoadedPlugin.FromCopy(open.PluginFolder);
        var descriptor = plugin.Connectors.First(c => c.Name == open.Connector);
        plugin.TryUse();
        _lease = new ConnectorLease(descriptor, new OpenRequest
        {
            Settings = JsonNode.Parse(open.Settings)!.AsObject(), OtherSettings = open.OtherSettings.ToHashSet(), Secrets = open.Secrets.GetValueOrDefault,
            BaseDirectory = open.BaseDirectory, AllowedRoots = open.AllowedRoots, Log = new PipeLog(channel), Pace = _pace, Renewals = _renewals, WithoutJob = open.WithoutJob, Job = open.Job,
        });
    }

    private T As<T>() where T : class, IConnector => _lease?.Connector as T ?? throw new PluginException($"The connector is not open, or it is no {typeof(T).Name}.");

    private RemoteFile Number(SourceFile file)
    {
        var number = Interlocked.Increment(ref _fileNumber);
        _files[number] = file;
        return new RemoteFile(number, file.Path, file.Size, file.Modified, file.ETag, file.LocalPath);
    }

    private async Task SendFileAsync(HostedCall call, int number)
    {
        var stream = await _files[number].OpenAsync(call.Cancelled).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        var buffer = new byte[RemoteCall.ChunkBytes];
        while (await stream.ReadAsync(buffer, call.Cancelled).ConfigureAwait(false) is > 0 and var read)
            await call.SendAsync<string?>(null, buffer.AsMemory(0, read)).ConfigureAwait(false);
    }

    private async Task<Schema> SchemaAsync(ReadRequest request, CancellationToken ct)
    {
        if (_lease?.Connector is IBatchSource batches) return await batches.SchemaAsync(request, ct).ConfigureAwait(false);
        await using var read = await RowSource.OpenAsync(As<IConnector>(), request, ct).ConfigureAwait(false);
        return read.Schema;
    }

    private async Task ReadAsync(HostedCall call, ReadRequest request)
    {
        await using var read = await RowSource.OpenAsync(As<IConnector>(), request, call.Cancelled).ConfigureAwait(false);
        await EachAsync(read.Batches, b => SendAsync(call, b.Cursor, b.Rows)).ConfigureAwait(false);
    }

    private static async Task SendAsync(HostedCall call, string? cursor, RecordBatch batch)
    {
        using (batch) await call.SendAsync(cursor, BatchBytes.Write(batch)).ConfigureAwait(false);
    }

    private static async IAsyncEnumerable<RecordBatch> Batches(HostedCall call)
    {
        await foreach (var item in call.TakeAsync().ConfigureAwait(false)) yield return BatchBytes.Read(item);
    }

    private static async Task EachAsync<T>(IAsyncEnumerable<T> items, Func<T, Task> send)
    {
        await foreach (var item in items.ConfigureAwait(false)) await send(item).ConfigureAwait(false);
    }

    /// <summary>Masked here: what the connector got for its secrets only this process knows.</summary>
    private static RemoteError Describe(Exception e)
    {
        var told = Told(e);
        return told with { Message = SecretMask.Hide(told.Message), Suggestion = SecretMask.Hide(told.Suggestion) };
    }

    private static RemoteError Told(Exception e) => e switch
    {
        TerminalException t => new("terminal", t.Message, t.Suggestion, null, null),
        TransientException t => new("transient", t.Message, null, t.RetryAfter?.TotalSeconds, null),
        OperationCanceledException => new("cancelled", e.Message, null, null, null),
        SettingsException or PluginException => new("plugin", e.Message, null, null, null),
        TimeoutException => new("timeout", e.Message, null, null, null),
        IOException or System.Net.Sockets.SocketException or System.Net.Http.HttpRequestException => new("io", e.Message, null, null, null),
        _ => new("other", e.Message, null, null, e.GetType().Name),
    };

    /// <summary>Asks the runtime when the next request may be sent: the limit is the connection's, not this process's.</summary>
    private sealed class PipePace(FrameChannel channel) : IPace
    {
        private readonly ConcurrentDictionary<int, TaskCompletionSource> _asked = new();
        private int _last;

        public async ValueTask WaitAsync(CancellationToken cancellationToken)
        {
            var number = Interlocked.Increment(ref _last);
            var answer = _asked[number] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            channel.Write(FrameKind.Pace, number);
            await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        public void Answer(int number)
        {
            if (_asked.TryRemove(number, out var asked)) asked.TrySetResult();
        }
    }

    /// <summary>The connector's lines, on their way to the run's log.</summary>
    private sealed class PipeLog(FrameChannel channel) : IConnectorLog
    {
        public void Debug(string message) => channel.Say(FrameKind.Log, 0, new RemoteLine(0, message));
        public void Information(string message) => channel.Say(FrameKind.Log, 0, new RemoteLine(1, message));
        public void Warning(string message) => channel.Say(FrameKind.Log, 0, new RemoteLine(2, message));
    }
}
