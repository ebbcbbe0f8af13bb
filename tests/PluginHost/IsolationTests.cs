using System.Diagnostics;
using System.Text.Json.Nodes;
using FlowForge.Columnar;
using FlowForge.PluginHost.Processes;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Tests;

/// <summary>What a plugin may do to itself, and what it cannot do to the runtime.</summary>
public sealed class IsolationTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-isolation-tests", Guid.NewGuid().ToString("n"));
    private readonly RecordingLog _log = new();
    private readonly Renewals _renewals = new();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private const string Source = """
        using System.IO; using System.Linq; using System.Runtime.InteropServices; using FlowForge.Columnar;
        public sealed record Spec
        {
            [Setting("What to do")] public string Mood { get; init; } = "work";
            [Setting("Rows")] public int Rows { get; init; } = 10;
            [Setting("Key")] public Secret Key { get; init; }
        }

        [Connector("tricky")]
        public sealed class Tricky : ITestConnection, IDiscover, IFileSource, IBatchSource, ISink, IFileSink, IReportHealth, IResume, IAfterCommit
        {
            private readonly ConnectorContext<Spec> context;
            public Tricky(ConnectorContext<Spec> context)
            {
                this.context = context;
                if (context.Settings.Mood == "constructor") throw new InvalidOperationException("boom");
                if (context.Settings.Mood == "hanging constructor") Thread.Sleep(Timeout.Infinite);
            }

            public Task<string> TestAsync(CancellationToken cancellationToken)
            {
                Console.WriteLine("printed among the frames");
                context.Log.Information("the key is " + context.Settings.Key.Reveal());
                switch (context.Settings.Mood)
                {
                    case "overflow": return Task.FromResult(Deeper(1).ToString());
                    case "fault": abort(); break;
                    case "exit": Environment.Exit(7); break;
                    case "chatty": for (var i = 0; i < 300; i++) Console.WriteLine("line " + i); Environment.FailFast("the reason"); break;
                    case "hang": Thread.Sleep(Timeout.Infinite); break;
                    case "terminal": throw new TerminalException("no such shop", "Name another.");
                    case "transient": throw new TransientException("busy", TimeSpan.FromSeconds(3));
                    case "io": throw new IOException("disk");
                    case "other": throw new ArgumentException("odd " + context.Settings.Key.Reveal());
                    case "token":
                        var token = "canary got for " + context.Settings.Key.Reveal().Length;
                        context.Conceal(new Secret(token));
                        context.Log.Information("now with " + token);
                        throw new TerminalException("refused " + token, "Ask for another than " + token);
                    case "renew": return RenewAsync();
                    case "threads": for (var i = 0; i < 50; i++) new Thread(() => Thread.Sleep(Timeout.Infinite)) { IsBackground = true }.Start(); break;
                    case "pid": return Task.FromResult(Environment.ProcessId.ToString());
                    case "env": return Task.FromResult(Environment.GetEnvironmentVariable("FLOWFORGE_SECRET_KEYS") ?? "no key");
                }
                return Task.FromResult("fine");
            }

            private async Task<string> RenewAsync()
            {
                await using var held = await context.Renewals.HoldAsync(context.Settings.Key, CancellationToken.None);
                var before = held.Current.Reveal();
                if (context.Settings.Rows == 0) return before;
                if (context.Settings.Rows == 99) Environment.Exit(3);
                try { await held.KeepAsync(new Secret(before + "+"), CancellationToken.None); }
                catch (IOException e) { return before + ", then " + e.Message; }
                return before + ", then " + held.Current.Reveal();
            }

            [DllImport("libc")] private static extern void abort();

            private static int Deeper(int n) => n == int.MaxValue ? 0 : Deeper(n + 1) + Deeper(n + 2);

            public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
            {
                await Task.Yield();
                yield return new DiscoveredTable("ünï") { Keys = new[] { "id" }, Rows = 5, Columns = new[] { new DiscoveredColumn("id", "int", false) } };
            }

            public async IAsyncEnumerable<SourceFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
            {
                await Task.Yield();
                for (var i = 0; i < 3; i++)
                {
                    var size = i * 700_000;
                    yield return new SourceFile { Path = "f" + i, Size = size, OpenAsync = _ => i == 99 ? throw new IOException() : new ValueTask<Stream>(new MemoryStream(Enumerable.Range(0, size).Select(b => (byte)b).ToArray())) };
                }
            }

            public ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken) => new(Schema);
            private static readonly Schema Schema = new(new[] { new Field("id", Int64Type.Default, false), new Field("text", StringType.Default) });

            public async IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
            {
                for (var from = 0; from < context.Settings.Rows; from += 1000)
                {
                    if (context.Settings.Mood == "crash in the middle" && from > 5000) Environment.FailFast("halfway");
                    if (context.Settings.Mood == "deaf") Thread.Sleep(Timeout.Infinite);
                    cancellationToken.ThrowIfCancellationRequested();
                    var builder = new RecordBatchBuilder(Schema);
                    for (var i = from; i < Math.Min(from + 1000, context.Settings.Rows); i++) builder.AppendRow((long)i, i % 3 == 0 ? null : "row " + i);
                    yield return new SourceBatch(builder.Build(), from.ToString());
                    await Task.Yield();
                }
            }

            public async Task<long> WriteAsync(WriteRequest request, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken)
            {
                long rows = 0;
                await foreach (var batch in batches) { rows += batch.Length; batch.Dispose(); }
                context.Log.Information("wrote " + request.Table + " " + request.Key + " " + request.Schema.FieldsList.Count);
                return rows;
            }

            private readonly Dictionary<string, byte[]> _files = new();
            public async IAsyncEnumerable<SinkFile> FilesAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
            {
                await Task.Yield();
                foreach (var f in _files) if (f.Key.StartsWith(path)) yield return new SinkFile(f.Key, f.Value.Length);
            }
            public Task<byte[]> GetAsync(string path, CancellationToken cancellationToken) => Task.FromResult(_files.GetValueOrDefault(path));
            public async Task PutAsync(SinkFile file, Stream content, CancellationToken cancellationToken)
            {
                if (file.Size < 0) throw new TerminalException("no room", "Make some.");
                var bytes = new MemoryStream();
                await content.CopyToAsync(bytes, cancellationToken);
                _files[file.Path] = bytes.ToArray();
            }
            public Task RemoveAsync(string path, CancellationToken cancellationToken) { _files.Remove(path); return Task.CompletedTask; }

            public Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<HealthFact>>(new[] { new HealthFact("lag", 1.5, "s") });
            public Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken) { context.Log.Information("committed " + string.Join(",", filePaths) + " " + cursor); return Task.CompletedTask; }
        }
        """;

    private PluginRegistry Registry()
    {
        var folder = Path.Combine(_root, "plugins");
        if (!Directory.Exists(folder)) PluginMaker.Make(Path.Combine(folder, "tricky"), "Tricky", Source);
        return PluginRegistry.Scan(folder, Path.Combine(_root, "shadow"));
    }

    private ConnectorLease Open(string mood, int rows = 10, bool isolated = true) => Registry().Open("tricky", new OpenRequest
    {
        Settings = new JsonObject { ["mood"] = mood, ["rows"] = rows, ["key"] = "${secret:k}" }, BaseDirectory = _root, AllowedRoots = [_root], Log = _log, Secrets = n => n == "k" ? "canary-key-77" : null, OutOfProcess = isolated, Renewals = _renewals,
    });

    private static Task<string> TestAsync(ConnectorLease lease, CancellationToken ct = default) => ((ITestConnection)lease.Connector).TestAsync(ct);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Renewals_AreHeldAndKeptByTheRuntime_AlsoForAProcessThatDiesWhileItHolds(bool isolated)
    {
        Assert.Equal("canary-key-77, then canary-key-77+", await OnceAsync(10));
        Assert.Equal("canary-key-77+, then canary-key-77++", await OnceAsync(10));
        if (isolated) await Assert.ThrowsAsync<PluginCrashException>(() => OnceAsync(99));
        _renewals.IsFull = true;
        Assert.Equal("canary-key-77++, then The disk is full.", await OnceAsync(10));
        // Nobody holds it any more.
        Assert.Equal("canary-key-77++", await OnceAsync(0));

        async Task<string> OnceAsync(int rows)
        {
            await using var lease = Open("renew", rows, isolated);
            return await TestAsync(lease, TestContext.Current.CancellationToken);
        }
    }

    private sealed class Renewals : IRenewals, IRenewal
    {
        private readonly SemaphoreSlim _free = new(1);

        public bool IsFull { get; set; }
        public Secret Current { get; private set; } = new("");

        public async ValueTask<IRenewal> HoldAsync(Secret given, CancellationToken cancellationToken)
        {
            await _free.WaitAsync(cancellationToken);
            if (Current.IsEmpty) Current = given;
            return this;
        }

        public ValueTask KeepAsync(Secret renewed, CancellationToken cancellationToken)
        {
            if (IsFull) throw new IOException("The disk is full.");
            Current = renewed;
            return default;
        }

        public ValueTask DisposeAsync()
        {
            _free.Release();
            return default;
        }
    }

    [Fact]
    public async Task Isolated_EveryAbility_WorksAsInProcess()
    {
        await using var lease = Open("pid", rows: 2500);
        var process = int.Parse(await TestAsync(lease), System.Globalization.CultureInfo.InvariantCulture);
        Assert.NotEqual(Environment.ProcessId, process);
        Assert.Equal(["the key is ***"], _log.Lines);
        var ct = TestContext.Current.CancellationToken;
        var table = Assert.Single(await ((IDiscover)lease.Connector).DiscoverAsync(ct).ToListAsync(ct));
        Assert.Equal(("ünï", 5L, "id", "int"), (table.Name, table.Rows, Assert.Single(table.Keys), Assert.Single(table.Columns).Type));
        Assert.Equal([new HealthFact("lag", 1.5, "s")], await ((IReportHealth)lease.Connector).HealthAsync(ct));
        await ((IAfterCommit)lease.Connector).CommittedAsync(["a", "b"], "c9", ct);
        Assert.Equal("committed a,b c9", _log.Lines[^1]);
        Assert.True(lease.Connector is IResume and not IPreview);

        var files = await ((IFileSource)lease.Connector).ListAsync(ct).ToListAsync(ct);
        Assert.Equal(["f0 0", "f1 700000", "f2 1400000"], files.Select(f => $"{f.Path} {f.Size}"));
        foreach (var file in files)
        {
            await using var stream = await file.OpenAsync(ct);
            var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, ct);
            Assert.Equal(Enumerable.Range(0, (int)file.Size!).Select(b => (byte)b), bytes.ToArray());
        }

        var source = (IBatchSource)lease.Connector;
        Assert.Equal("id: int64 not null, text: string", string.Join(", ", (await source.SchemaAsync(new ReadRequest(), ct)).FieldsList));
        var rows = new List<(object?, object?)>();
        var cursors = new List<string?>();
        await foreach (var batch in source.ReadAsync(new ReadRequest { Table = "t", From = new Watermark("c", "1") }, ct))
        {
            for (var i = 0; i < batch.Rows.Length; i++) rows.Add((batch.Rows.Column(0).GetObject(i), batch.Rows.Column(1).GetObject(i)));
            cursors.Add(batch.Cursor);
            batch.Rows.Dispose();
        }
        Assert.Equal(Enumerable.Range(0, 2500).Select(i => ((object?)(long)i, (object?)(i % 3 == 0 ? null : "row " + i))), rows);
        Assert.Equal(["0", "1000", "2000"], cursors);

        var written = await ((ISink)lease.Connector).WriteAsync(new WriteRequest("out", await source.SchemaAsync(new ReadRequest(), ct), "key1", true), Batches(source, ct), ct);
        Assert.Equal((2500L, "wrote out key1 2"), (written, _log.Lines[^1]));

        var sink = (IFileSink)lease.Connector;
        var large = Enumerable.Range(0, 1_500_000).Select(i => (byte)(i * 7)).ToArray();
        await sink.PutAsync(new SinkFile("ü/a", large.Length), new MemoryStream(large), ct);
        await sink.PutAsync(new SinkFile("ü/b", 0), new MemoryStream(), ct);
        Assert.Equal(large, await sink.GetAsync("ü/a", ct));
        Assert.Equal(0, (await sink.GetAsync("ü/b", ct))?.Length);
        Assert.Null(await sink.GetAsync("ü/c", ct));
        Assert.Equal("Make some.", (await Assert.ThrowsAsync<TerminalException>(() => sink.PutAsync(new SinkFile("ü/c", -1), new MemoryStream(large), ct))).Suggestion);
        await sink.RemoveAsync("ü/b", ct);
        var there = new List<SinkFile>();
        await foreach (var file in sink.FilesAsync("ü/", ct)) there.Add(file);
        Assert.Equal([new SinkFile("ü/a", large.Length)], there);
    }

    [Fact]
    public async Task Isolated_TypedRecords_ComeAsBatches()
    {
        PluginMaker.Make(Path.Combine(_root, "plugins", "counter"), "Counter", """
            public sealed record CounterSpec { [Setting("How many")] public required long Count { get; init; } }
            public sealed record Number(long Value, string Word);
            [Connector("counter")] public sealed class Counter(ConnectorContext<CounterSpec> context) : IRecordSource<Number>
            {
                public async IAsyncEnumerable<Number> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
                {
                    for (var i = 1L; i <= context.Settings.Count; i++) yield return new Number(i, "n" + i);
                    await Task.Yield();
                }
            }
            """);
        await using var lease = PluginRegistry.Scan(Path.Combine(_root, "plugins"), Path.Combine(_root, "shadow")).Open("counter",
            new OpenRequest { Settings = new JsonObject { ["count"] = 3 }, BaseDirectory = _root, AllowedRoots = [], Log = _log, OutOfProcess = true });
        var rows = new List<string>();
        await foreach (var batch in ((IBatchSource)lease.Connector).ReadAsync(new ReadRequest(), TestContext.Current.CancellationToken))
            for (var i = 0; i < batch.Rows.Length; i++) rows.Add($"{batch.Rows.Column("Value").GetObject(i)} {batch.Rows.Column("Word").GetObject(i)}");
        Assert.Equal(["1 n1", "2 n2", "3 n3"], rows);
    }

    private static async IAsyncEnumerable<RecordBatch> Batches(IBatchSource source, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct = default)
    {
        await foreach (var batch in source.ReadAsync(new ReadRequest(), ct)) yield return batch.Rows;
    }

    [Theory]
    [InlineData("overflow", "ended by signal 6: Stack overflow.")]
    [InlineData("fault", "ended by signal 6.")]
    [InlineData("exit", "ended with exit code 7.")]
    [InlineData("chatty", "ended by signal 6: Process terminated. the reason")]
    public async Task Isolated_Crash_TakesOnlyItsOwnProcess(string mood, string how)
    {
        await using var healthy = Open("work");
        await using var lease = Open(mood);
        var crash = await Assert.ThrowsAsync<PluginCrashException>(() => TestAsync(lease));
        Assert.StartsWith($"The host process of connector 'tricky' {how}", crash.Message, StringComparison.Ordinal);
        Assert.Equal("fine", await TestAsync(healthy));
        await Assert.ThrowsAsync<PluginCrashException>(() => TestAsync(lease));
    }

    [Fact]
    public async Task Isolated_CrashInTheMiddleOfARead_EndsTheRead()
    {
        await using var lease = Open("crash in the middle", rows: 100_000);
        long rows = 0;
        var crash = await Assert.ThrowsAsync<PluginCrashException>(async () =>
        {
            await foreach (var batch in ((IBatchSource)lease.Connector).ReadAsync(new ReadRequest(), CancellationToken.None)) rows += batch.Rows.Length;
        });
        Assert.InRange(rows, 1000, 6000);
        Assert.Contains("halfway", crash.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Conceal_TokenThatTheConnectorGot_IsInNoLineAndNoError(bool isolated)
    {
        await using var lease = Open("token", isolated: isolated);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => TestAsync(lease));
        Assert.Equal(["the key is ***", "now with ***"], _log.Lines);
        // What comes from another process is masked there; here who shows an error masks it, as the runtime does.
        if (isolated) Assert.Equal(("refused ***", "Ask for another than ***"), (failure.Message, failure.Suggestion));
        else Assert.Equal(("refused ***", "Ask for another than ***"), (SecretMask.Hide(failure.Message), SecretMask.Hide(failure.Suggestion)));
    }

    [Fact]
    public async Task Isolated_Failures_KeepTheirKind()
    {
        var terminal = await Assert.ThrowsAsync<TerminalException>(() => FailAsync("terminal"));
        Assert.Equal(("no such shop", "Name another."), (terminal.Message, terminal.Suggestion));
        Assert.Equal(TimeSpan.FromSeconds(3), (await Assert.ThrowsAsync<TransientException>(() => FailAsync("transient"))).RetryAfter);
        Assert.Equal("disk", (await Assert.ThrowsAsync<IOException>(() => FailAsync("io"))).Message);
        Assert.Equal("ArgumentException: odd ***", (await Assert.ThrowsAsync<RemoteConnectorException>(() => FailAsync("other"))).Message);
        Assert.Equal("Connector 'tricky' failed in its constructor: boom", Assert.Throws<PluginException>(() => Open("constructor")).Message);

        async Task FailAsync(string mood)
        {
            await using var lease = Open(mood);
            await TestAsync(lease);
        }
    }

    [Theory]
    [InlineData("hang", true)]
    [InlineData("deaf", false)]
    public async Task Isolated_Hang_IsKilledAfterItsCancellation(string mood, bool test)
    {
        await using var lease = Open(mood);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            if (test) await TestAsync(lease, cancel.Token);
            else await foreach (var _ in ((IBatchSource)lease.Connector).ReadAsync(new ReadRequest(), cancel.Token)) { }
        });
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.2, 15);
        Assert.Contains("Connector 'tricky' did not end within 2 s of its cancellation: its process is killed.", _log.Lines);
    }

    [Fact]
    public async Task Isolated_Reader_ThatStopsEarly_LeavesAUsableConnector()
    {
        await using var lease = Open("work", rows: 1_000_000);
        await foreach (var batch in ((IBatchSource)lease.Connector).ReadAsync(new ReadRequest(), CancellationToken.None))
        {
            batch.Rows.Dispose();
            break;
        }
        Assert.Equal("fine", await TestAsync(lease));
    }

    [Fact]
    public async Task Isolated_Dispose_EndsTheProcess()
    {
        var lease = Open("pid");
        var process = Process.GetProcessById(int.Parse(await TestAsync(lease), System.Globalization.CultureInfo.InvariantCulture));
        await lease.DisposeAsync();
        Assert.True(process.WaitForExit(60_000));
    }

    [Fact]
    public async Task InProcess_Hang_EndsInTimeAndTheRuntimeGoesOn()
    {
        // Made before the clock runs: on a busy machine that takes longer than the call may.
        Registry();
        var clock = Stopwatch.StartNew();
        var late = await Assert.ThrowsAsync<PluginTimeoutException>(() => BoundedCall.RunAsync("The test of 'tricky'", async ct =>
        {
            await using var lease = Open("hang", isolated: false);
            return await TestAsync(lease, ct);
        }, TimeSpan.FromMilliseconds(200), CancellationToken.None));
        Assert.Equal("The test of 'tricky' did not end within 0.2 s.", late.Message);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.1, 15);
        await using var next = Open("work", isolated: false);
        Assert.Equal("fine", await TestAsync(next));
    }

    [Fact]
    public async Task Plugin_WithANativeLibraryOfItsOwn_FindsIt()
    {
        if (!OperatingSystem.IsLinux()) return;
        var folder = Path.Combine(_root, "plugins", "native");
        PluginMaker.Make(folder, "Native", """
            using System.Runtime.InteropServices;
            public sealed record NativeSpec;
            [Connector("native")] public sealed class Native(ConnectorContext<NativeSpec> context) : ITestConnection
            {
                [DllImport("ff_own_native")] private static extern int SystemNative_GetPid();
                public Task<string> TestAsync(CancellationToken cancellationToken) => Task.FromResult(SystemNative_GetPid().ToString());
            }
            """);
        File.Copy(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native.so"), Path.Combine(folder, "libff_own_native.so"));
        await using var lease = PluginRegistry.Scan(Path.Combine(_root, "plugins"), Path.Combine(_root, "shadow")).Open("native", new OpenRequest { Settings = [], BaseDirectory = _root, AllowedRoots = [], Log = _log });
        Assert.Equal($"{Environment.ProcessId}", await TestAsync(lease));
    }

    [Fact]
    public async Task InProcess_LeakedThreads_DoNotKeepTheRunFromEnding()
    {
        await using (var lease = Open("threads", isolated: false)) Assert.Equal("fine", await TestAsync(lease));
        await using var isolated = Open("threads");
        Assert.Equal("fine", await TestAsync(isolated));
    }

    private sealed class RecordingLog : IConnectorLog
    {
        private readonly List<string> _lines = [];
        public IReadOnlyList<string> Lines { get { lock (_lines) return [.. _lines]; } }
        public void Debug(string message) => Add(message);
        public void Information(string message) => Add(message);
        public void Warning(string message) => Add(message);
        private void Add(string message) { lock (_lines) _lines.Add(message); }
    }
}
