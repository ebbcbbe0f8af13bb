using FlowForge.Notebooks.Kernel.Hosting;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Protocol;

// Before anything else can write to the console.
var (input, output) = StandardStreams.Take();
if (!KernelOptions.TryParse(args, out var options, out var problem))
{
    Console.Error.WriteLine(problem);
    return 2;
}
using var wire = new NotificationQueue(output);
using var console = new ConsoleCapture(wire);
using var parent = options.ParentProcess is { } process ? new ParentWatch(process, KernelExit.Now) : null;
using var kernel = new KernelLoop(options, wire, console);
kernel.Run(new MessageReader<KernelCommand>(input));
KernelExit.Now();
return 0;
