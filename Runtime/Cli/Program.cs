using System.CommandLine;
using FlowForge.Cli.Commands;

var root = new RootCommand("flowforge: the runtime's API from a terminal. Talks to the environment that runs on --data.");
var shared = new SharedOptions();
shared.AddTo(root);
root.Subcommands.Add(PipelineCommands.Create(shared));
root.Subcommands.Add(RunCommands.Create(shared));
root.Subcommands.Add(BackfillCommands.Create(shared));
root.Subcommands.Add(TableCommands.Create(shared));
root.Subcommands.Add(SqlCommand.Create(shared));
root.Subcommands.Add(PipelineCommands.CreateTest(shared));
root.Subcommands.Add(TemporalCommands.Create(shared));
root.Subcommands.Add(ConnectionCommands.Connectors(shared));
root.Subcommands.Add(ConnectionCommands.Create(shared));
root.Subcommands.Add(SecretCommands.Create(shared));
root.Subcommands.Add(NotebookCommands.Create(shared));
root.Subcommands.Add(SystemCommand.Create(shared));
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
