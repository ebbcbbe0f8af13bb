namespace FlowForge.Plugins;

/// <summary>
/// The folders that may be read. Decides by real paths: every link on the way is followed first, so neither <c>..</c> nor a
/// symbolic link leads out.
/// </summary>
public sealed class Roots(IReadOnlyList<string> allowed)
{
    private const int MostLinks = 40;
    private readonly List<string> _real = [.. allowed.Select(r => RealPath(System.IO.Path.GetFullPath(r)))];

    public bool Contains(string realPath) => _real.Any(root => realPath == root || root == "/" || (realPath.StartsWith(root, StringComparison.Ordinal) && realPath[root.Length] == System.IO.Path.DirectorySeparatorChar));

    /// <exception cref="TerminalException">The path leads outside.</exception>
    public string Check(string path)
    {
        var real = RealPath(path);
        return Contains(real)
            ? real
            : throw new TerminalException($"{path} lies outside the folders that may be read ({string.Join(", ", allowed)}).", "Move the files into one of them, or add the folder to the allowed roots of the runtime.");
    }

    /// <summary>The path with all links followed; parts that do not exist stay as written.</summary>
    public static string RealPath(string path)
    {
        var links = 0;
        var pending = new Stack<string>(Parts(path).AsEnumerable().Reverse());
        var real = System.IO.Path.GetPathRoot(path)!;
        while (pending.TryPop(out var part))
        {
            if (part == ".") continue;
            if (part == "..")
            {
                real = System.IO.Path.GetDirectoryName(real) ?? real;
                continue;
            }
            var next = System.IO.Path.Combine(real, part);
            if (LinkTarget(next) is not { } target)
            {
                real = next;
                continue;
            }
            if (++links > MostLinks) throw new TerminalException($"{path} goes through more than {MostLinks} links; they may form a circle.", "Name the real folder.");
            if (System.IO.Path.IsPathRooted(target)) real = System.IO.Path.GetPathRoot(target)!;
            foreach (var step in Parts(target).AsEnumerable().Reverse()) pending.Push(step);
        }
        return real;
    }

    private static string? LinkTarget(string path)
    {
        try { return new FileInfo(path).LinkTarget; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return null; }
    }

    private static string[] Parts(string path) => path[System.IO.Path.GetPathRoot(path)!.Length..].Split(System.IO.Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
}
