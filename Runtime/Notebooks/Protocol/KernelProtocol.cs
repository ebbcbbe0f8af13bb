namespace FlowForge.Notebooks.Protocol;

/// <summary>
/// The kernel's wire: one JSON object a line, UTF-8, commands on its standard input, notifications on its standard output. Each
/// command carries a request number, and all notifications it causes carry the same one. Unknown members are ignored, so that a side
/// may learn new ones; a change that the other side must know raises <see cref="Version"/>.
/// </summary>
public static class KernelProtocol
{
    /// <summary>The version of both sides here; the kernel names its own in <see cref="ReadyNotification"/>.</summary>
    public const int Version = 3;

    /// <summary>Longest line in bytes, either way. A longer command is refused and skipped; the kernel splits or cuts what it sends.</summary>
    public const int MaxLineBytes = 16 << 20;

    /// <summary>Longest code of a cell, in characters.</summary>
    public const int MaxCodeLength = 2 << 20;

    /// <summary>Longest text in one notification, in characters; a longer one is cut, with a mark that says how much is missing.</summary>
    public const int MaxTextLength = 256 << 10;

    /// <summary>Longest text of one table cell, in characters.</summary>
    public const int MaxValueLength = 16 << 10;

    /// <summary>Most rows of one answer by columns.</summary>
    public const int MaxColumnRows = 200_000;

    /// <summary>Most rows of one page.</summary>
    public const int MaxPageRows = 10_000;

    /// <summary>The text, cut to <paramref name="most"/> characters with a mark at its end.</summary>
    public static string Cut(string text, int most = MaxTextLength) =>
        text.Length <= most ? text : $"{text.AsSpan(0, most)}… ({text.Length - most:N0} more characters)";
}
