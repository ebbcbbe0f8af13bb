using FlowForge.PluginHost.Processes;

// The host process of one connector: started by the runtime for connections with isolation: process, spoken to over standard input and output.
if (args is not ["connector"])
{
    Console.Error.WriteLine("This program is started by FlowForge for connections with isolation: process; it is of no use by itself.");
    return 2;
}
return await ConnectorHost.RunAsync();
