using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FlowForge.Notebooks.Kernel.Hosting;

/// <summary>What the session tells its kernel on the command line.</summary>
internal sealed record KernelOptions
{
    public const string Usage = "Usage: FlowForge.Notebooks.Kernel --lake FOLDER [--parent-pid N] [--engine-memory BYTES] [--threads N] [--spill FOLDER]";

    /// <summary>The lake's root; it need not exist yet.</summary>
    public required string Lake { get; init; }

    /// <summary>The kernel ends when this process does.</summary>
    public int? ParentProcess { get; init; }

    /// <summary>Limit of DuckDB's buffers.</summary>
    public long EngineMemory { get; init; } = 512L << 20;

    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Where DuckDB may spill; null: a folder of this process below the temporary one.</summary>
    public string? Spill { get; init; }

    public static bool TryParse(string[] args, [NotNullWhen(true)] out KernelOptions? options, [NotNullWhen(false)] out string? problem)
    {
        options = null;
        problem = null;
        var found = new KernelOptions { Lake = "" };
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            var number = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
            switch (args[i])
            {
                case "--lake" when value.Length > 0: found = found with { Lake = value }; break;
                case "--spill" when value.Length > 0: found = found with { Spill = value }; break;
                case "--parent-pid" when number is > 0 and <= int.MaxValue: found = found with { ParentProcess = (int)number }; break;
                case "--engine-memory" when number > 0: found = found with { EngineMemory = number }; break;
                case "--threads" when number is > 0 and <= 1024: found = found with { Threads = (int)number }; break;
                default:
                    problem = $"'{args[i]} {value}' is no option of the kernel. {Usage}";
                    return false;
            }
        }
        if (found.Lake.Length == 0)
        {
            problem = "--lake is missing. " + Usage;
            return false;
        }
        options = found;
        return true;
    }
}
