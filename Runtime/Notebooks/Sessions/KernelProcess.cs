using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Sessions;

/// <summary>
/// One running kernel: its process and its wire. Thread-safe. It ends with this process, also when that is killed, since its standard input closes then.
/// Dispose it to end it.
/// </summary>
public sealed class KernelProcess : IAsyncDisposable
{
    private readonly KernelOptions _options;
    private readonly Process _process;
    private readonly string _spillFolder;
    private readonly MessageWriter<KernelCommand> _commands;
    private readonly ConcurrentDictionary<long, (Channel<KernelNotification> Words, bool IsCell)> _requests = new();
    private readonly TaskCompletionSource<ReadyNotification> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<KernelEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _firstCell = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ErrorTail _errors;
    private readonly Timer _memoryWatch;
    private readonly Lock _gate = new();
    private KernelEndReason? _reason;
    private long _lastRequest;
    private bool _isEnded;

    private KernelProcess(KernelOptions options, Process process, string spillFolder)
    {
        _spillFolder = spillFolder;
        _options = options;
        _process = process;
        _commands = new MessageWriter<KernelCommand>(process.StandardInput.BaseStream);
        _errors = new ErrorTail(process.StandardError.BaseStream);
        new Thread(Read) { IsBackground = true, Name = $"kernel {process.Id}" }.Start();
        _memoryWatch = new Timer(_ => WatchMemory(), null, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(500));
    }

    public int ProcessId => _process.Id;

    /// <summary>Completes when the process has ended, with the reason. Never fails.</summary>
    public Task<KernelEnd> Ended => _ended.Task;

    /// <summary>Completes when the first cell has run; not when the process ends without one. Never fails.</summary>
    internal Task FirstCell => _firstCell.Task;

    /// <summary>Bytes of the working set as last seen; 0 before.</summary>
    public long WorkingSet { get; private set; }

    /// <summary>Starts a kernel and waits until it takes commands.</summary>
    /// <exception cref="KernelException">The file is missing, the process ended at once, it did not answer in time, or it speaks another version.</exception>
    public static async Task<KernelProcess> StartAsync(KernelOptions options, CancellationToken ct = default)
    {
        if (!File.Exists(options.KernelPath))
            throw new KernelException($"The notebook kernel is not at {options.KernelPath}. Build Runtime/Notebooks/Kernel, or set the path to where it is.");
        Directory.CreateDirectory(options.WorkingFolder);
        // Made with rights for this user alone: rows are spilled into it.
        var spill = Directory.CreateTempSubdirectory("flowforge-kernel-").FullName;
        var process = Process.Start(KernelCommandLine.Of(options, spill)) ?? throw new KernelException($"{options.KernelPath} could not be started.");
        var kernel = new KernelProcess(options, process, spill);
        try
        {
            var ready = await kernel._ready.Task.WaitAsync(options.StartTimeout, ct);
            if (ready.Version != KernelProtocol.Version)
                throw new KernelException($"The kernel at {options.KernelPath} speaks version {ready.Version}, this session {KernelProtocol.Version}: build both anew.");
            return kernel;
        }
        catch (Exception e)
        {
            await kernel.DisposeAsync();
            if (e is TimeoutException) throw new KernelException($"The kernel did not start within {options.StartTimeout.TotalSeconds:N0} s. Its last words: {kernel._errors}", e);
            throw;
        }
    }

    /// <summary>Requests of cells that run or wait.</summary>
    internal IReadOnlyList<long> OpenCells => [.. _requests.Where(r => r.Value.IsCell).Select(r => r.Key)];

    /// <summary>A number for a new request.</summary>
    public long NextRequest() => Interlocked.Increment(ref _lastRequest);

    /// <summary>
    /// Sends a command and gives what the kernel says about it. The channel completes when the kernel has said the last word, or has ended. Read it:
    /// a kernel whose words pile up here costs memory of this process.
    /// </summary>
    /// <exception cref="KernelException">The kernel has ended.</exception>
    public ChannelReader<KernelNotification> Send(KernelCommand command)
    {
        var channel = Channel.CreateUnbounded<KernelNotification>(new UnboundedChannelOptions { SingleWriter = true });
        _requests[command.Request] = (channel, command is ExecuteCommand);
        if (_isEnded) Complete(command.Request);
        try
        {
            Tell(command);
        }
        catch
        {
            Complete(command.Request);
            throw;
        }
        return channel.Reader;
    }

    /// <summary>Sends a command that is not answered.</summary>
    /// <inheritdoc cref="Send" path="/exception"/>
    public void Tell(KernelCommand command)
    {
        try
        {
            _commands.Write(command);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new KernelException("The kernel has ended.", e);
        }
    }

    /// <summary>Kills the process and all it started.</summary>
    public void Kill(KernelEndReason reason)
    {
        lock (_gate) _reason ??= reason;
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended already.
        }
    }

    private void Read()
    {
        var notifications = new MessageReader<KernelNotification>(_process.StandardOutput.BaseStream);
        try
        {
            while (notifications.Read() is { } line)
                if (line.Message is { } message) Take(message);
        }
        catch (IOException)
        {
            // The end of a killed process.
        }
        End();
    }

    private void Take(KernelNotification message)
    {
        if (message is ReadyNotification ready) _ready.TrySetResult(ready);
        if (!_requests.TryGetValue(message.Request, out var channel)) return;
        channel.Words.Writer.TryWrite(message);
        if (IsLast(message, channel.IsCell)) Complete(message.Request);
    }

    /// <summary>A cell ends with its last word; every other question has one answer.</summary>
    private static bool IsLast(KernelNotification message, bool isCell) => isCell ? message is CellFinishedNotification or RefusedNotification : message is not TextNotification;

    private void Complete(long request)
    {
        if (!_requests.TryRemove(request, out var channel)) return;
        channel.Words.Writer.TryComplete();
        if (channel.IsCell) _firstCell.TrySetResult();
    }

    private void End()
    {
        // Its output may be closed by the cell while it lives on: without its wire it is of no use.
        if (!_process.WaitForExit(TimeSpan.FromSeconds(2))) Kill(KernelEndReason.Killed);
        _process.WaitForExit();
        _memoryWatch.Dispose();
        RemoveSpill();
        var lastOutput = _errors.ReadToEnd();
        KernelEnd end;
        lock (_gate) end = KernelEnd.Explain(_process.ExitCode, lastOutput, _reason, _options.MemoryLimitBytes);
        _isEnded = true;
        _ready.TrySetException(new KernelException($"The kernel ended at its start with exit code {end.ExitCode}: {lastOutput}"));
        _ended.TrySetResult(end);
        foreach (var request in _requests.Keys) Complete(request);
    }

    /// <summary>A kernel that ends by itself removes it; a killed one cannot.</summary>
    private void RemoveSpill()
    {
        try
        {
            if (Directory.Exists(_spillFolder)) Directory.Delete(_spillFolder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It lies in the temporary folder and is small.
        }
    }

    private void WatchMemory()
    {
        try
        {
            _process.Refresh();
            WorkingSet = _process.WorkingSet64;
            if (WorkingSet > _options.MemoryLimitBytes) Kill(KernelEndReason.MemoryLimit);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }

    /// <summary>Ends the process: asked first, then killed.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate) _reason ??= KernelEndReason.Stopped;
        try
        {
            _commands.Dispose();
        }
        catch (IOException)
        {
            // It has ended already.
        }
        if (await Task.WhenAny(_ended.Task, Task.Delay(TimeSpan.FromSeconds(2))) != _ended.Task) Kill(KernelEndReason.Stopped);
        await _ended.Task;
        await _memoryWatch.DisposeAsync();
        _process.Dispose();
    }
}
