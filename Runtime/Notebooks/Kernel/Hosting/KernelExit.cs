using System.Diagnostics;

namespace FlowForge.Notebooks.Kernel.Hosting;

/// <summary>Ends the process whatever its cells do: exit handlers of user code get a second, then it is killed.</summary>
internal static class KernelExit
{
    public static void Now()
    {
        new Thread(() =>
        {
            Thread.Sleep(1000);
            Process.GetCurrentProcess().Kill();
        }) { IsBackground = true, Name = "last resort" }.Start();
        Environment.Exit(0);
    }
}
