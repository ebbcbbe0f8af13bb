namespace FlowForge.Notebooks.Sessions;

/// <summary>How kernels are started.</summary>
public sealed record KernelOptions
{
    /// <summary>The kernel: <c>FlowForge.Notebooks.Kernel.dll</c> (run by <c>dotnet</c>) or the executable beside it.</summary>
    public required string KernelPath { get; init; }

    /// <summary>The lake's root folder.</summary>
    public required string LakeFolder { get; init; }

    /// <summary>An environment variable for the kernel that says where the lake is, when it is not in its folder. It may hold credentials: cells have the rights of the lake anyway.</summary>
    public (string Name, string Value)? LakeEnvironment { get; init; }

    /// <summary>Working folder of cells; relative paths in them start here. Made when missing.</summary>
    public required string WorkingFolder { get; init; }

    /// <summary>
    /// Bytes that one kernel may take. .NET's heap gets half of them and DuckDB a quarter as limits of their own, which give errors in the cell; a
    /// kernel whose working set passes the whole is ended.
    /// </summary>
    public long MemoryLimitBytes { get; init; } = 2L << 30;

    /// <summary>DuckDB's threads.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>How long a start may take.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after a kernel was taken the next spare is started at the latest; earlier when its first cell has run.</summary>
    public TimeSpan SpareDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long an interrupted cell may go on before its kernel is killed and replaced.</summary>
    public TimeSpan InterruptTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
