using System.Diagnostics;
using FlowForge.Notebooks.Kernel.CSharp;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Kernel.Sql;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Hosting;

/// <summary>Runs one cell and says how it went. Used by the cells' thread alone.</summary>
internal sealed class CellRunner(SqlEngine sql, ScriptEngine scripts, NotificationQueue wire, ConsoleCapture console, RunningRequests requests)
{
    private int _executions;

    public void Run(ExecuteCommand cell)
    {
        var ct = requests.Begin(cell.Request);
        var output = new CellOutput(cell.Request, wire, console);
        var state = CellState.Succeeded;
        var watch = Stopwatch.StartNew();
        console.Begin(cell.Request);
        try
        {
            ct.ThrowIfCancellationRequested();
            output.Send(new CellStartedNotification(cell.Request, cell.Cell, ++_executions));
            if (cell.Code.Length > KernelProtocol.MaxCodeLength)
                throw new CellFailure("Too long", $"The cell has {cell.Code.Length:N0} characters; {KernelProtocol.MaxCodeLength:N0} are the most.");
            if (cell.Language == CellLanguage.Sql) sql.Run(cell, output, ct);
            else scripts.Run(cell, output, ct);
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            // Whatever it was: interrupted code may end with any error.
            state = CellState.Interrupted;
        }
        catch (CellFailure e)
        {
            state = CellState.Failed;
            output.Send(new CellFailedNotification(cell.Request, e.Kind, KernelProtocol.Cut(e.Message), e.Line, e.Column, e.Trace));
        }
        catch (Exception e)
        {
            state = CellState.Failed;
            output.Send(new CellFailedNotification(cell.Request, e.GetType().FullName ?? "", KernelProtocol.Cut(e.Message), null, null, []));
        }
        finally
        {
            requests.End(cell.Request);
        }
        output.Send(new CellFinishedNotification(cell.Request, state, watch.Elapsed.TotalMilliseconds, Environment.WorkingSet));
    }
}
