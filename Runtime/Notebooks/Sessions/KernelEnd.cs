using System.Globalization;

namespace FlowForge.Notebooks.Sessions;

/// <summary>Why a kernel process ended.</summary>
public enum KernelEndReason
{
    /// <summary>The session ended it.</summary>
    Stopped,
    /// <summary>Code of a cell ended the process (<c>Environment.Exit</c>, <c>Environment.FailFast</c>).</summary>
    Exited,
    StackOverflow,
    OutOfMemory,
    /// <summary>It passed <see cref="KernelOptions.MemoryLimitBytes"/> and was killed by the session.</summary>
    MemoryLimit,
    /// <summary>It did not heed an interrupt and was killed by the session.</summary>
    InterruptIgnored,
    /// <summary>An exception on a thread of the cell's own, which nobody caught.</summary>
    UnhandledException,
    /// <summary>Something outside killed it, or native code crashed.</summary>
    Killed,
}

/// <summary>How a kernel process ended.</summary>
/// <param name="ExitCode">Of the process; above 128 the number of a signal was added.</param>
/// <param name="Message">For people: what happened and what it means for the notebook.</param>
/// <param name="LastOutput">The end of what the process wrote to standard error.</param>
public sealed record KernelEnd(KernelEndReason Reason, int ExitCode, string Message, string LastOutput)
{
    internal static KernelEnd Explain(int exitCode, string lastOutput, KernelEndReason? known, long memoryLimit)
    {
        var reason = known ?? Guess(exitCode, lastOutput);
        var what = reason switch
        {
            KernelEndReason.Stopped => "The kernel was stopped.",
            KernelEndReason.Exited => string.Create(CultureInfo.InvariantCulture, $"The cell ended the kernel process with exit code {exitCode} (Environment.Exit or the like)."),
            KernelEndReason.StackOverflow => "The cell ended the kernel with a stack overflow: a method calls itself without end, or too deeply.",
            KernelEndReason.OutOfMemory => string.Create(CultureInfo.InvariantCulture, $"The kernel ran out of memory (limit {memoryLimit >> 20:N0} MiB)."),
            KernelEndReason.MemoryLimit => string.Create(CultureInfo.InvariantCulture, $"The kernel took more than its {memoryLimit >> 20:N0} MiB of memory and was ended."),
            KernelEndReason.InterruptIgnored => "The cell did not react to the interrupt, so its kernel was ended.",
            KernelEndReason.UnhandledException => "An exception that nothing caught, on a thread that the cell had started, ended the kernel: " + FirstLine(lastOutput),
            _ => string.Create(CultureInfo.InvariantCulture, $"The kernel process was killed or crashed (exit code {exitCode})."),
        };
        return new KernelEnd(reason, exitCode, reason == KernelEndReason.Stopped ? what : what + " Variables and results are gone; a new kernel is ready for the next cell.", lastOutput);
    }

    private static KernelEndReason Guess(int exitCode, string lastOutput)
    {
        if (lastOutput.Contains("Stack overflow", StringComparison.Ordinal)) return KernelEndReason.StackOverflow;
        if (lastOutput.Contains("Out of memory", StringComparison.Ordinal) || lastOutput.Contains("OutOfMemoryException", StringComparison.Ordinal)) return KernelEndReason.OutOfMemory;
        if (lastOutput.Contains("Unhandled exception", StringComparison.Ordinal)) return KernelEndReason.UnhandledException;
        return exitCode is >= 0 and <= 128 ? KernelEndReason.Exited : KernelEndReason.Killed;
    }

    private static string FirstLine(string text)
    {
        var at = text.IndexOf("Unhandled exception", StringComparison.Ordinal);
        var line = text[at..].Split('\n')[0];
        return line[(line.IndexOf(". ", StringComparison.Ordinal) is >= 0 and var dot ? dot + 2 : 0)..].Trim();
    }
}
