namespace FlowForge.Api.Hosting;

/// <summary>Paths with every link on the way resolved.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>The real path; parts that do not exist stay as they are written.</summary>
    public static string Of(string path) => Resolve(Path.GetFullPath(path), MostLinks);

    private static string Resolve(string path, int links)
    {
        var root = Path.GetPathRoot(path)!;
        var done = root;
        var parts = path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            var next = Path.Combine(done, parts[i]);
            var target = new FileInfo(next).LinkTarget;
            if (target is null || links == 0)
            {
                done = next;
                continue;
            }
            var rest = Path.Combine([Path.GetFullPath(target, done), .. parts[(i + 1)..]]);
            return Resolve(rest, links - 1);
        }
        return Path.TrimEndingDirectorySeparator(done);
    }
}
