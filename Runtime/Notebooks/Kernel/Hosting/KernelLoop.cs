using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using FlowForge.Lake;
using FlowForge.Lake.S3;
using FlowForge.Notebooks.Kernel.CSharp;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Kernel.Sql;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Hosting;

/// <summary>Takes commands: cells go to the one thread that runs them, everything else is answered beside it.</summary>
internal sealed class KernelLoop : IDisposable
{
    private readonly NotificationQueue _wire;
    private readonly RunningRequests _requests = new();
    private readonly BlockingCollection<ExecuteCommand> _cells = [];
    private readonly SqlEngine _sql;
    private readonly ScriptEngine _scripts;
    private readonly SqlHelp _sqlHelp;
    private readonly CellRunner _runner;
    private readonly string _lake;

    public KernelLoop(KernelOptions options, NotificationQueue wire, ConsoleCapture console)
    {
        (_wire, _lake) = (wire, options.Lake);
        var lake = new LakeStore(options.Lake, S3LakeOptions.FromEnvironment());
        // Programs that a cell starts have no business with it.
        Environment.SetEnvironmentVariable(S3LakeOptions.EnvironmentVariable, null);
        _sql = new SqlEngine(lake, options);
        _scripts = new ScriptEngine(lake, _sql);
        _sql.Variables = _scripts.Variable;
        _sqlHelp = new SqlHelp(lake, _sql);
        // The first query should not wait for its own code to be compiled.
        _ = Task.Run(() => Rehearsal.Play(options, lake, console));
        _runner = new CellRunner(_sql, _scripts, wire, console, _requests);
    }

    /// <summary>Runs until the session closes its end or asks for the end.</summary>
    public void Run(MessageReader<KernelCommand> commands)
    {
        new Thread(RunCells, maxStackSize: 16 << 20) { IsBackground = true, Name = "cells" }.Start();
        _wire.Send(new ReadyNotification(KernelProtocol.Version, Environment.ProcessId, RuntimeInformation.FrameworkDescription));
        while (commands.Read() is { } line)
        {
            if (line.Message is ShutdownCommand) return;
            if (line.Message is { } command) Take(command);
            else _wire.Send(new RefusedNotification(0, line.Problem ?? ""));
        }
    }

    private void Take(KernelCommand command)
    {
        switch (command)
        {
            case ExecuteCommand cell:
                _requests.Begin(cell.Request);
                _cells.Add(cell);
                break;
            case InterruptCommand interrupt:
                _requests.Interrupt(interrupt.Target);
                break;
            case ReleaseCommand release:
                _ = Task.Run(() => _sql.Release(release.Result));
                break;
            case RowsCommand rows:
                Answer(rows, ct => _sql.Rows(rows, ct));
                break;
            case CountCommand count:
                Answer(count, ct => new CountNotification(count.Request, count.Result, _sql.Count(count.Result, count.Where, ct)));
                break;
            case CompleteCommand complete:
                Answer(complete, ct => complete.Language == CellLanguage.Sql ? _sqlHelp.Complete(complete, ct) : Completer.Complete(_scripts, complete, ct));
                break;
            case DiagnoseCommand diagnose:
                Answer(diagnose, ct => new DiagnosticsNotification(diagnose.Request, diagnose.Language == CellLanguage.Sql ? _sqlHelp.Findings(diagnose.Code) : ScriptHelp.Findings(_scripts, diagnose.Code, ct)));
                break;
            case HoverCommand hover:
                Answer(hover, ct => ScriptHelp.Hover(_scripts, hover, ct));
                break;
            case SignatureCommand signature:
                Answer(signature, ct => ScriptHelp.Signature(_scripts, signature, ct));
                break;
            case AnalyzeCommand analyze:
                Answer(analyze, ct => new AnalysisNotification(analyze.Request, [.. analyze.Cells.Select(c => c.Language == CellLanguage.Sql ? SqlHelp.Names(c) : ScriptNames.Of(c, ct))]));
                break;
            case ProfileCommand profile:
                Answer(profile, ct => _sql.Profile(profile, ct));
                break;
            case ColumnsCommand columns:
                Answer(columns, ct => ColumnWriter.Read(_sql, columns, ct));
                break;
            case PrepareCommand prepare:
                _sql.Prepare(prepare);
                break;
            case StoreCommand store:
                Answer(store, ct => _sql.Store(store, ct));
                break;
            case ProgramCommand program:
                Answer(program, ct => new ProgramNotification(program.Request, ProgramWriter.Write(program, _lake, ct)));
                break;
            case MemoryCommand memory:
                Answer(memory, _ => new MemoryNotification(memory.Request, Environment.WorkingSet, GC.GetTotalMemory(false), _sql.MemoryUsed(), _scripts.Submissions));
                break;
        }
    }

    private void Answer(KernelCommand command, Func<CancellationToken, KernelNotification> answer)
    {
        var ct = _requests.Begin(command.Request);
        _ = Task.Run(() =>
        {
            try
            {
                _wire.Send(answer(ct));
            }
            catch (Exception e)
            {
                _wire.Send(new RefusedNotification(command.Request, e is OperationCanceledException ? "The request was interrupted." : e.Message));
            }
            finally
            {
                _requests.End(command.Request);
            }
        });
    }

    private void RunCells()
    {
        foreach (var cell in _cells.GetConsumingEnumerable()) _runner.Run(cell);
    }

    public void Dispose() => _cells.CompleteAdding();
}
