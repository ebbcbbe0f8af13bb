using System.Net;
using System.Net.Sockets;

namespace FlowForge.Tests;

/// <summary>Ports for servers of tests, below the range from which the system gives ports to clients: there another process gets one in the moment between choosing and listening, or while its server is away.</summary>
internal static class LowPort
{
    /// <summary>A loopback port that was free a moment ago.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 31_000);
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
