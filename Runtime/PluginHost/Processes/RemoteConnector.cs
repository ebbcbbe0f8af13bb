using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Processes;

/// <summary>
/// Stands in the runtime for a connector that lives in a host process, with the abilities that it has. Rows come as batches, whichever way the
/// connector hands them over.
/// </summary>
public class RemoteConnector : DispatchProxy
{
    private static readonly ConcurrentDictionary<string, Type> Combined = new(StringComparer.Ordinal);
    private static readonly Lazy<ModuleBuilder> Module = new(() => AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("FlowForge.PluginHost.Remote"), AssemblyBuilderAccess.Run).DefineDynamicModule("remote"));
    private static readonly Type[] Known = [typeof(ITestConnection), typeof(IDiscover), typeof(IWatch), typeof(IResume), typeof(IStream), typeof(IAfterCommit), typeof(IReportHealth), typeof(IFileSource), typeof(IListNew), typeof(IBatchSource), typeof(IPageSource), typeof(IPreview), typeof(ISink), typeof(IMarkedSink), typeof(IFileSink)];
    private HostProcess _host = null!;

    /// <summary>For the connector of that type, in that process; disposing it ends the process.</summary>
    internal static IConnector Create(Type connector, HostProcess host)
    {
        var proxy = (RemoteConnector)DispatchProxy.Create(Interface(connector), typeof(RemoteConnector));
        proxy._host = host;
        return (IConnector)(object)proxy;
    }

#pragma warning disable CA2012 // A proxy's answer must be boxed: the caller of the interface's method unboxes and awaits it once.
    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var ct = args is [.., CancellationToken given] ? given : default;
        return targetMethod!.Name switch
        {
            nameof(ITestConnection.TestAsync) => _host.CallAsync<string>("test", null, ct),
            nameof(IReportHealth.HealthAsync) => HealthAsync(ct),
            nameof(IDiscover.DiscoverAsync) => Read<DiscoveredTable>("discover", null, ct),
            nameof(IWatch.WatchAsync) => Read<string>("watch", null, ct),
            nameof(IAfterCommit.CommittedAsync) => _host.CallAsync<object?>("committed", new RemoteCommit([.. (IReadOnlyList<string>)args![0]!], (string?)args[1]), ct),
            nameof(IFileSource.ListAsync) => ListAsync("list", null, ct),
            nameof(IListNew.ListNewAsync) => ListAsync("list_new", args![0], ct),
            nameof(IBatchSource.SchemaAsync) => SchemaAsync((ReadRequest)args![0]!, ct),
            nameof(IPageSource.ReadAsync) when targetMethod.DeclaringType == typeof(IPageSource) => PagesAsync((ReadRequest)args![0]!, ct),
            nameof(IBatchSource.ReadAsync) => BatchesAsync((ReadRequest)args![0]!, ct),
            nameof(IPreview.PreviewAsync) => PreviewAsync((ReadRequest)args![0]!, ct),
            nameof(ISink.WriteAsync) => WriteAsync((WriteRequest)args![0]!, (IAsyncEnumerable<RecordBatch>)args[1]!, ct),
            nameof(IMarkedSink.MarkAsync) => _host.CallAsync<WriteMark?>("mark", args![0], ct),
            nameof(IFileSink.FilesAsync) => Read<SinkFile>("files", args![0], ct),
            nameof(IFileSink.GetAsync) => GetAsync((string)args![0]!, ct),
            nameof(IFileSink.PutAsync) => PutAsync((SinkFile)args![0]!, (Stream)args[1]!, ct),
            nameof(IFileSink.RemoveAsync) => _host.CallAsync<object?>("remove", args![0], ct),
            nameof(IAsyncDisposable.DisposeAsync) => _host.DisposeAsync(),
            _ => throw new NotSupportedException($"{targetMethod.DeclaringType!.Name}.{targetMethod.Name} does not work over the border of a process. Use isolation: none."),
        };
    }
#pragma warning restore CA2012

    private async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken ct) => await _host.CallAsync<HealthFact[]>("health", null, ct).ConfigureAwait(false);

    private async ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken ct) => BatchBytes.ReadSchema(await _host.CallForBytesAsync("schema", request, ct).ConfigureAwait(false));

    private async IAsyncEnumerable<T> Read<T>(string method, object? argument, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var frame in _host.ItemsAsync(method, argument, ct).ConfigureAwait(false)) yield return frame.Read<T>();
    }

    private async IAsyncEnumerable<SourceBatch> BatchesAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var frame in _host.ItemsAsync("read", request, ct).ConfigureAwait(false)) yield return new SourceBatch(BatchBytes.Read(frame.Body), frame.Read<string?>());
    }

    private async IAsyncEnumerable<SourcePage> PagesAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var frame in _host.ItemsAsync("pages", request, ct).ConfigureAwait(false))
        {
            var page = frame.Read<RemotePage>();
            yield return new SourcePage(frame.Body, page.Count, page.Cursor);
        }
    }

    private async IAsyncEnumerable<RecordBatch> PreviewAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var frame in _host.ItemsAsync("preview", request, ct).ConfigureAwait(false)) yield return BatchBytes.Read(frame.Body);
    }

    private async IAsyncEnumerable<SourceFile> ListAsync(string method, object? argument, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var frame in _host.ItemsAsync(method, argument, ct).ConfigureAwait(false))
        {
            var file = frame.Read<RemoteFile>();
            yield return new SourceFile
            {
                Path = file.Path, Size = file.Size, Modified = file.Modified, ETag = file.ETag, LocalPath = file.LocalPath,
                OpenAsync = opened => RemoteStream.OpenAsync(_host, file.Number, opened),
            };
        }
    }

    private Task<long> WriteAsync(WriteRequest request, IAsyncEnumerable<RecordBatch> batches, CancellationToken ct) =>
        _host.PushAsync<long>("write", new RemoteWrite(request.Table, request.Key, request.Replace, request.Writer, request.After, request.Keys), BatchBytes.Write(request.Schema), Bytes(batches, ct), ct);

    private async Task<byte[]?> GetAsync(string path, CancellationToken ct) => await _host.CallForBytesAsync("get", path, ct).ConfigureAwait(false) is { Length: > 0 } bytes ? bytes.ToArray()[1..] : null;

    private Task<object?> PutAsync(SinkFile file, Stream content, CancellationToken ct) => _host.PushAsync<object?>("put", file, default, Chunks(content, ct), ct);

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Chunks(Stream content, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var buffer = new byte[RemoteCall.ChunkBytes];
        while (await content.ReadAsync(buffer, ct).ConfigureAwait(false) is > 0 and var read) yield return buffer.AsMemory(0, read);
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Bytes(IAsyncEnumerable<RecordBatch> batches, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await foreach (var batch in batches.WithCancellation(ct).ConfigureAwait(false))
            using (batch) yield return BatchBytes.Write(batch);
    }

    /// <summary>One interface with all that the connector can do.</summary>
    private static Type Interface(Type connector)
    {
        List<Type> abilities = [typeof(IAsyncDisposable), .. Known.Where(k => k.IsAssignableFrom(connector))];
        if (!abilities.Contains(typeof(IBatchSource)) && connector.GetInterfaces().Any(i => i == typeof(IReaderSource) || i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRecordSource<>)))
            abilities.Add(typeof(IBatchSource));
        return Combined.GetOrAdd(string.Join('+', abilities.Select(a => a.Name)), name =>
        {
            lock (Combined)
            {
                var type = Module.Value.DefineType($"I{name}_{Combined.Count}", TypeAttributes.Public | TypeAttributes.Interface | TypeAttributes.Abstract);
                foreach (var ability in abilities) type.AddInterfaceImplementation(ability);
                if (abilities.Count == 1) type.AddInterfaceImplementation(typeof(IConnector));
                return type.CreateType();
            }
        });
    }
}
