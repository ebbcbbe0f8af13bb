using System.Diagnostics;
using System.Runtime.CompilerServices;
using static FlowForge.Catalog.Tests.TemporaryCatalog;

namespace FlowForge.Catalog.Tests;

/// <summary>
/// A process that writes runs and says after each that it is written, until it is killed. It is this assembly itself, started with
/// a variable set; it ends when its parent does.
/// </summary>
internal static class KilledWriter
{
    private const string Variable = "FF_CATALOG_WRITER";

    public const int JobsPerRun = 3;

    public static Process Start(string path)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(KilledWriter).Assembly.Location])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, Environment = { [Variable] = path },
        };
        return Process.Start(start)!;
    }

    public static string RunId(int i) => $"run-{i:00000}";

    // The runner's own entry point is generated; this runs before it.
#pragma warning disable CA2255
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void RunInChild()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
        {
            return;
        }
        new Thread(() =>
        {
            Console.In.ReadToEnd();
            Environment.Exit(0);
        })
        { IsBackground = true }.Start();
        var database = CatalogDatabase.Open(path);
        for (var i = (int)database.Runs.List(new RunFilter(), 1, 1).Total; ; i++)
        {
            var id = RunId(i);
            database.Runs.Create(Run(id, queuedAt: Noon.AddSeconds(i)));
            database.Runs.SetState(id, RunState.Running, null, Noon);
            database.Runs.UpsertJobs([.. Enumerable.Range(0, JobsPerRun).Select(j => Job(id, $"ingest.j{j}"))]);
            var pin = database.Claims.TryClaim("bronze.t", id, "ingest.j0", () => 0).TxnVersion;
            database.Logs.Append(id, null, JobLogLevel.Info, Noon, "written");
            database.Claims.Release(id);
            database.Runs.SetState(id, RunState.Succeeded, null, Noon.AddSeconds(1));
            Console.WriteLine($"{i} {pin}");
        }
    }
}
