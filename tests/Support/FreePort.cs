using System.Net;
using System.Net.Sockets;

namespace FlowForge.Tests;

/// <summary>Ports for servers that tests start. They lie below the range from which the system gives ports to clients, so that a server that is started later, or again, finds its port free.</summary>
internal static class FreePort
{
    private static readonly HashSet<int> Given = [];

    /// <summary>A loopback port that nobody listened on a moment ago; never the same one twice in a process.</summary>
    public static int Take()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 31_000);
            lock (Given)
            {
                if (!Given.Add(port)) continue;
            }
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }
    }
}
