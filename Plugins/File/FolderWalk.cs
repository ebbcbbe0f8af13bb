namespace FlowForge.Plugins.Files;

/// <summary>Walks folders along a <see cref="Glob"/>. Links that lead outside the roots are passed over; circles end.</summary>
internal static class FolderWalk
{
    public static IEnumerable<string> Files(Glob glob, Roots roots)
    {
        if (!Directory.Exists(glob.Folder))
        {
            roots.Check(glob.Folder);
            throw new TerminalException($"Folder {glob.Folder} does not exist.", "Create it, or correct the path.");
        }
        roots.Check(glob.Folder);
        return Below(glob, 0, glob.Folder, roots, []).Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Below(Glob glob, int index, string folder, Roots roots, HashSet<string> onTheWay)
    {
        var real = Roots.RealPath(folder);
        if (!roots.Contains(real) || !onTheWay.Add($"{index}|{real}")) yield break;
        var last = index == glob.Depth - 1;
        if (glob.IsAnyDepth(index))
        {
            foreach (var file in Below(glob, index + 1, folder, roots, onTheWay)) yield return file;
            foreach (var child in Children(folder, files: false))
                if (!Name(child).StartsWith('.'))
                    foreach (var file in Below(glob, index, child, roots, onTheWay)) yield return file;
        }
        else if (last)
        {
            foreach (var file in Children(folder, files: true))
                if (glob.Matches(index, Name(file)) && File.Exists(file) && roots.Contains(Roots.RealPath(file))) yield return file;
        }
        else
        {
            foreach (var child in Children(folder, files: false))
                if (glob.Matches(index, Name(child)))
                    foreach (var file in Below(glob, index + 1, child, roots, onTheWay)) yield return file;
        }
        onTheWay.Remove($"{index}|{real}");
    }

    private static string[] Children(string folder, bool files)
    {
        // Attributes to skip: none. The defaults would leave out hidden and system files silently.
        var options = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false };
        try { return files ? Directory.GetFiles(folder, "*", options) : Directory.GetDirectories(folder, "*", options); }
        catch (UnauthorizedAccessException e) { throw new TerminalException($"Folder {folder} may not be read by this user.", "Give the user that runs FlowForge the right to read it.", e); }
        catch (DirectoryNotFoundException) { return []; }
    }

    private static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];
}
