using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FlowForge.Notebooks.Kernel.Hosting;

/// <summary>
/// Takes standard input and output for the wire. On Linux descriptors 0 and 1 are then pointed elsewhere, so that native code and
/// processes started by a cell can neither read commands nor write between notifications.
/// </summary>
internal static partial class StandardStreams
{
    private const int CloseOnExec = 0x80000;

    public static (Stream Input, Stream Output) Take()
    {
        if (!OperatingSystem.IsLinux()) return (Console.OpenStandardInput(), Console.OpenStandardOutput());
        var input = Private(0);
        var output = Private(1);
        using (var nothing = File.OpenHandle("/dev/null")) _ = Duplicate2((int)nothing.DangerousGetHandle(), 0);
        _ = Duplicate2(2, 1);
        return (Open(input, FileAccess.Read), Open(output, FileAccess.Write));
    }

    private static int Private(int descriptor)
    {
        var copy = Duplicate(descriptor);
        if (copy < 0 || Duplicate3(descriptor, copy, CloseOnExec) < 0) throw new IOException($"Descriptor {descriptor} cannot be taken (errno {Marshal.GetLastPInvokeError()}).");
        return copy;
    }

    private static FileStream Open(int descriptor, FileAccess access) => new(new SafeFileHandle(descriptor, ownsHandle: true), access, bufferSize: 0);

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate2(int from, int to);

    [LibraryImport("libc", EntryPoint = "dup3", SetLastError = true)]
    private static partial int Duplicate3(int from, int to, int flags);
}
