using System.CommandLine;
using FlowForge.AppHost.Commands;

var root = new RootCommand("FlowForge: starts the Temporal server, the runtime and the workbench on this machine.");
root.Subcommands.Add(RunCommand.Create());
root.Subcommands.Add(ValidateCommand.Create());
StartCommand.AddTo(root);
// Signals are ours: stopping in order may take longer than the parser's two seconds.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
