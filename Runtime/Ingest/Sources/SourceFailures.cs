using System.Data.Common;
using System.Net.Sockets;
using FlowForge.Catalog;
using FlowForge.PluginHost;
using FlowForge.PluginHost.Processes;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Sources;

/// <summary>Failures of connectors by what they mean: whether trying again may help.</summary>
internal static class SourceFailures
{
    public static Exception From(string source, Exception failure) => failure switch
    {
        TerminalException or TransientException or JobFailedException or PluginException or PluginCrashException or PluginTimeoutException or RemoteConnectorException => failure,
        IOException or SocketException or TimeoutException or HttpRequestException or DbException { IsTransient: true } or OperationCanceledException => new TransientException($"{source}: {failure.Message}", inner: failure),
        _ => new TerminalException($"{source}: {failure.Message}", inner: failure),
    };
}
