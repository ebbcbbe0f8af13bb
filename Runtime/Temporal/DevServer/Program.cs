using System.Runtime.InteropServices;
using FlowForge.ServiceDefaults;
using FlowForge.Temporal.DevServer;
using FlowForge.Temporal.DevServer.Hosting;
using FlowForge.Temporal.DevServer.Persistence;

try
{
    var line = CommandLine.Parse(args);
    if (line.Help)
    {
        Console.WriteLine(CommandLine.Usage);
        return 0;
    }
    using var stop = new CancellationTokenSource();
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
    using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    // Under the AppHost, standard input is a lifeline, and Ctrl+C, which the terminal sends to the whole group, is the AppHost's to handle.
    var supervised = Environment.GetEnvironmentVariable("FLOWFORGE_LIFELINE") == "stdin";
    using var lifeline = supervised ? ParentWatch.StandardInput(stop.Cancel) : null;
    using var parent = line.ParentPid is { } pid ? ParentWatch.Process(pid, stop.Cancel) : null;
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, supervised ? signal => signal.Cancel = true : Stop);
    await using var server = await DevServer.StartAsync(line.Options, stop.Token);
    Console.WriteLine($"Temporal dev server: {server.Address} (namespaces {string.Join(", ", line.Options.Namespaces)}; database {line.Options.DbFile ?? "in memory"})");
    if (server.HttpAddress is { } http)
    {
        Console.WriteLine($"HTTP: http://{http}/health http://{http}/metrics");
    }
    if (await Task.WhenAny(Task.Delay(Timeout.Infinite, stop.Token), server.Crashed) == server.Crashed)
    {
        Console.Error.WriteLine($"The database can no longer be written: {(await server.Crashed).Message}");
        Environment.Exit(3);
    }
    return 0;
}
catch (Exception e) when (e is DevServerException or DatabaseException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
