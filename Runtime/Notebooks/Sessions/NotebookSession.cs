using System.Runtime.CompilerServices;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Sessions;

/// <summary>What a session's kernel is doing.</summary>
public enum KernelState { Starting, Idle, Busy, Restarting, Closed }

/// <summary>
/// One open notebook's kernel over its lives: runs cells, interrupts them, and replaces the kernel when it dies. Thread-safe; cells
/// run one after the other, in the order of the calls.
/// </summary>
public sealed class NotebookSession : IAsyncDisposable
{
    private readonly KernelPool _pool;
    private readonly bool _oneKernel;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Lock _gate = new();
    private KernelProcess _kernel;
    private int _cells;
    private bool _closed;
    private KernelState _state = KernelState.Idle;

    private NotebookSession(KernelPool pool, KernelProcess kernel, bool oneKernel)
    {
        _pool = pool;
        _oneKernel = oneKernel;
        _kernel = kernel;
        Watch(kernel);
    }

    /// <summary>What the kernel does now.</summary>
    public KernelState State
    {
        get { lock (_gate) return _closed ? KernelState.Closed : _state is KernelState.Idle && _cells > 0 ? KernelState.Busy : _state; }
    }

    /// <summary>The state changed; raised on any thread. Handlers must not block.</summary>
    public event Action<KernelState>? StateChanged;

    /// <summary>A kernel ended that was not stopped by its session; raised on any thread, before the next one is there.</summary>
    public event Action<KernelEnd>? KernelDied;

    /// <summary>How the kernel ended that ran the last cell which saw its kernel die; null while none did.</summary>
    public KernelEnd? LastDeath { get; private set; }

    /// <summary>Process id of the kernel of the moment.</summary>
    public int KernelProcessId => _kernel.ProcessId;

    /// <summary>Working set of the kernel in bytes, at most a second old.</summary>
    public long KernelMemory => _kernel.WorkingSet;

    /// <exception cref="KernelException">No kernel could be started.</exception>
    public static async Task<NotebookSession> OpenAsync(KernelPool pool, CancellationToken ct = default) => new(pool, await pool.TakeAsync(ct), oneKernel: false);

    /// <summary>A session that ends with its kernel: all cells after it fail, since another kernel would know neither what was prepared nor what the cells before have made.</summary>
    /// <inheritdoc cref="OpenAsync" path="/exception"/>
    public static async Task<NotebookSession> OpenOnceAsync(KernelPool pool, CancellationToken ct = default) => new(pool, await pool.TakeAsync(ct), oneKernel: true);

    /// <summary>
    /// Runs a cell. The last notification is always <see cref="CellFinishedNotification"/>; when the kernel dies, one that failed with kind
    /// <c>Kernel died</c> and the explanation comes before it. Cancelling <paramref name="ct"/> interrupts the cell, as <see cref="InterruptAsync"/> does, and the
    /// notifications still end with its end.
    /// </summary>
    public async IAsyncEnumerable<KernelNotification> ExecuteAsync(string cell, CellLanguage language, string code, string? resultName = null, int firstRows = 100, [EnumeratorCancellation] CancellationToken ct = default)
    {
        if (_oneKernel && _kernel.Ended.IsCompleted)
        {
            foreach (var word in Died(0, LastDeath = await _kernel.Ended)) yield return word;
            yield break;
        }
        var kernel = await KernelAsync();
        var request = kernel.NextRequest();
        var finished = false;
        Count(+1);
        try
        {
            if (Begin(kernel, new ExecuteCommand(request, cell, language, code, resultName, firstRows)) is not { } words)
            {
                foreach (var word in Died(request, LastDeath = await kernel.Ended)) yield return word;
                yield break;
            }
            using var stop = ct.Register(() => _ = EndCellsAsync(kernel, request));
            await foreach (var word in words.ReadAllAsync(CancellationToken.None))
            {
                finished |= word is CellFinishedNotification;
                yield return word;
            }
            if (finished) yield break;
            foreach (var word in Died(request, LastDeath = await kernel.Ended)) yield return word;
        }
        finally
        {
            // Nobody listens any more, so nobody waits for the cell.
            if (!finished && !kernel.Ended.IsCompleted) _ = EndCellsAsync(kernel, request);
            Count(-1);
        }
    }

    /// <returns>Null when the kernel that must not be replaced is going just now.</returns>
    private System.Threading.Channels.ChannelReader<KernelNotification>? Begin(KernelProcess kernel, ExecuteCommand command)
    {
        try
        {
            return kernel.Send(command);
        }
        catch (KernelException) when (_oneKernel)
        {
            return null;
        }
    }

    private static IEnumerable<KernelNotification> Died(long request, KernelEnd end)
    {
        var state = end.Reason is KernelEndReason.InterruptIgnored or KernelEndReason.Stopped ? CellState.Interrupted : CellState.Failed;
        yield return new CellFailedNotification(request, "Kernel died", end.Message, null, null, []);
        yield return new CellFinishedNotification(request, state, 0, 0);
    }

    /// <summary>Interrupts all cells that run or wait; when they go on for <see cref="KernelOptions.InterruptTimeout"/>, the kernel is killed and replaced.</summary>
    public Task InterruptAsync() => EndCellsAsync(_kernel, null);

    /// <summary>Ends the kernel, with all variables and results, and takes a fresh one.</summary>
    public async Task RestartAsync(CancellationToken ct = default)
    {
        await ReplaceAsync(_kernel, KernelEndReason.Stopped, ct);
    }

    /// <summary>Rows of a table that a cell showed.</summary>
    /// <exception cref="KernelException">The kernel no longer holds it, or cannot read it.</exception>
    public Task<RowsNotification> RowsAsync(string result, long offset, int limit, CancellationToken ct = default) =>
        RowsAsync(new RowsCommand(0, result, offset, limit), ct);

    /// <summary>Rows of a table that a cell showed, sorted and filtered; the command's request number is of no account.</summary>
    /// <inheritdoc cref="RowsAsync(string, long, int, CancellationToken)" path="/exception"/>
    public Task<RowsNotification> RowsAsync(RowsCommand command, CancellationToken ct = default) => AskAsync<RowsNotification>(request => command with { Request = request }, ct);

    /// <summary>Number of the rows of a table that a cell showed.</summary>
    /// <inheritdoc cref="RowsAsync(string, long, int, CancellationToken)" path="/exception"/>
    public async Task<long> CountAsync(string result, string? where = null, CancellationToken ct = default) =>
        (await AskAsync<CountNotification>(request => new CountCommand(request, result, where), ct)).Total;

    /// <summary>What may stand at a place of a cell.</summary>
    public Task<CompletionsNotification> CompleteAsync(string code, int position, CellLanguage language = CellLanguage.CSharp, CancellationToken ct = default) =>
        AskAsync<CompletionsNotification>(request => new CompleteCommand(request, code, position, language), ct);

    /// <summary>What is wrong with a cell's text.</summary>
    public async Task<IReadOnlyList<CellFinding>> DiagnoseAsync(CellLanguage language, string code, CancellationToken ct = default) =>
        (await AskAsync<DiagnosticsNotification>(request => new DiagnoseCommand(request, language, code), ct)).Findings;

    /// <summary>What stands at a place of C# code.</summary>
    public Task<HoverNotification> HoverAsync(string code, int position, CancellationToken ct = default) => AskAsync<HoverNotification>(request => new HoverCommand(request, code, position), ct);

    /// <summary>The call that a place of C# code is in.</summary>
    public Task<SignatureNotification> SignatureAsync(string code, int position, CancellationToken ct = default) =>
        AskAsync<SignatureNotification>(request => new SignatureCommand(request, code, position), ct);

    /// <summary>The names that cells read and write.</summary>
    public async Task<IReadOnlyList<CellNames>> AnalyzeAsync(IReadOnlyList<CellText> cells, CancellationToken ct = default) =>
        (await AskAsync<AnalysisNotification>(request => new AnalyzeCommand(request, cells), ct)).Cells;

    /// <summary>The columns of a table that a cell showed, described over all its rows.</summary>
    /// <inheritdoc cref="RowsAsync(string, long, int, CancellationToken)" path="/exception"/>
    public Task<ProfileNotification> ProfileAsync(string result, CancellationToken ct = default) => AskAsync<ProfileNotification>(request => new ProfileCommand(request, result), ct);

    /// <summary>Values of a query column by column.</summary>
    /// <exception cref="KernelException">The query has a mistake.</exception>
    public Task<ColumnsNotification> ColumnsAsync(string sql, int limit, CancellationToken ct = default) => AskAsync<ColumnsNotification>(request => new ColumnsCommand(request, sql, limit), ct);

    /// <summary>Says before the first cell at which versions tables are read, and what <c>getvariable</c> stands for (SQL literals by name). A kernel that takes this one's place does not know it.</summary>
    public async Task PrepareAsync(IReadOnlyDictionary<string, long> versions, IReadOnlyDictionary<string, string> variables)
    {
        var kernel = await KernelAsync();
        kernel.Tell(new PrepareCommand(kernel.NextRequest(), versions, variables));
    }

    /// <summary>Writes all rows of a result or a C# collection to a Parquet file.</summary>
    /// <param name="name">Null takes the table that a cell showed.</param>
    /// <returns>The number of rows.</returns>
    /// <exception cref="KernelException">There is no such name, or its rows cannot be made.</exception>
    public async Task<long> StoreAsync(string? name, string? result, string file, CancellationToken ct = default) =>
        (await AskAsync<StoredNotification>(request => new StoreCommand(request, name, result, file), ct)).Rows;

    /// <summary>A C# file that does what the cells do. Nothing is run.</summary>
    public async Task<string> ProgramAsync(string title, IReadOnlyList<ProgramCell> cells, CancellationToken ct = default) =>
        (await AskAsync<ProgramNotification>(request => new ProgramCommand(request, title, cells), ct)).Text;

    public Task<MemoryNotification> MemoryAsync(CancellationToken ct = default) => AskAsync<MemoryNotification>(request => new MemoryCommand(request), ct);

    /// <summary>Lets go of a table that is no longer shown.</summary>
    public void Release(string result)
    {
        try
        {
            _kernel.Tell(new ReleaseCommand(_kernel.NextRequest(), result));
        }
        catch (KernelException)
        {
            // With the kernel the table went too.
        }
    }

    private async Task<T> AskAsync<T>(Func<long, KernelCommand> command, CancellationToken ct) where T : KernelNotification
    {
        var kernel = await KernelAsync();
        var request = kernel.NextRequest();
        var answers = kernel.Send(command(request));
        using var stop = ct.Register(() => Interrupt(kernel, request));
        await foreach (var answer in answers.ReadAllAsync(ct))
        {
            if (answer is T found) return found;
            if (answer is RefusedNotification refused) throw new KernelException(refused.Message);
        }
        throw new KernelException((await kernel.Ended).Message);
    }

    private async Task EndCellsAsync(KernelProcess kernel, long? request)
    {
        lock (_gate)
        {
            if (_cells == 0) return;
        }
        var until = DateTime.UtcNow + _pool.Options.InterruptTimeout;
        // Those that wait come first: none of them starts when the one that runs ends.
        if (request is { } one) Interrupt(kernel, one);
        else foreach (var each in kernel.OpenCells.OrderDescending()) Interrupt(kernel, each);
        while (request is { } r ? kernel.OpenCells.Contains(r) : kernel.OpenCells.Count > 0)
        {
            if (kernel.Ended.IsCompleted) return;
            if (DateTime.UtcNow > until)
            {
                await ReplaceAsync(kernel, KernelEndReason.InterruptIgnored, CancellationToken.None);
                return;
            }
            await Task.Delay(20);
        }
    }

    private static void Interrupt(KernelProcess kernel, long request)
    {
        try
        {
            kernel.Tell(new InterruptCommand(kernel.NextRequest(), request));
        }
        catch (KernelException)
        {
            // Nothing runs any more.
        }
    }

    /// <summary>The kernel of the moment, after a replacement that is under way.</summary>
    private async Task<KernelProcess> KernelAsync()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (_oneKernel && _kernel.Ended.IsCompleted) throw new KernelException((await _kernel.Ended).Message);
        if (_kernel.Ended.IsCompleted) await ReplaceAsync(_kernel, KernelEndReason.Killed, CancellationToken.None);
        return _kernel;
    }

    private async Task ReplaceAsync(KernelProcess old, KernelEndReason reason, CancellationToken ct)
    {
        await _changing.WaitAsync(ct);
        try
        {
            if (_closed || !ReferenceEquals(old, _kernel)) return;
            Set(KernelState.Restarting);
            old.Kill(reason);
            await old.Ended;
            if (_oneKernel) return;
            var next = await _pool.TakeAsync(ct);
            _kernel = next;
            await old.DisposeAsync();
            Watch(next);
        }
        finally
        {
            Set(KernelState.Idle);
            _changing.Release();
        }
    }

    private void Watch(KernelProcess kernel) => _ = Task.Run(async () =>
    {
        var end = await kernel.Ended;
        if (_closed || end.Reason == KernelEndReason.Stopped) return;
        KernelDied?.Invoke(end);
        try
        {
            await ReplaceAsync(kernel, end.Reason, CancellationToken.None);
        }
        catch (Exception e) when (e is KernelException or ObjectDisposedException)
        {
            // The next cell tries again, and shows why it does not work.
        }
    });

    private void Set(KernelState state)
    {
        lock (_gate) _state = state;
        StateChanged?.Invoke(State);
    }

    private void Count(int change)
    {
        lock (_gate) _cells += change;
        StateChanged?.Invoke(State);
    }

    /// <summary>Ends the kernel; cells that run end as interrupted.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
        }
        await _changing.WaitAsync();
        await _kernel.DisposeAsync();
        _changing.Release();
        StateChanged?.Invoke(KernelState.Closed);
    }
}
