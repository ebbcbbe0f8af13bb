using System.Net;
using System.Net.Sockets;

namespace FlowForge.Tests;

/// <summary>
/// Ports for servers that tests start. They lie below the range from which the system gives ports to clients, and whoever takes one has it until its process ends: nobody else's server answers
/// in the moment before the taker's own one listens, or while it is killed and started again. Two rooms are tested side by side.
/// </summary>
internal static class FreePort
{
    // A byte each of one file: a lock on it is a process's own and goes with the process.
    private static readonly FileStream Locks = new(Path.Combine(Path.GetTempPath(), $"flowforge-test-ports-{Environment.UserName}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    private static readonly HashSet<int> Taken = [];

    /// <summary>A loopback port that nobody listens on.</summary>
    public static int Take()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 31_000);
            if (TryTake(port)) return port;
        }
    }

    /// <summary>An offset for the ports of a whole environment (<c>--port-offset</c>).</summary>
    public static int TakeOffset()
    {
        while (true)
        {
            var offset = Random.Shared.Next(6_000, 23_000);
            if (TryTake(7233 + offset) && TryTake(5080 + offset) && TryTake(5000 + offset)) return offset;
        }
    }

    private static bool TryTake(int port)
    {
        lock (Taken)
        {
            if (!Taken.Add(port)) return false;
            try
            {
                if (!OperatingSystem.IsMacOS()) Locks.Lock(port, 1);
            }
            catch (IOException)
            {
                // Another process has it.
                return false;
            }
        }
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            // A program that asks nobody.
            return false;
        }
    }
}
