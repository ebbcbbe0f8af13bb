using System.Collections.Concurrent;
using FlowForge.Lake.Files;

namespace FlowForge.Lake;

/// <summary>
/// The lake's folder: <c>landing/ bronze/ silver/ gold/</c>. Thread-safe; keep one for the process, as its tables remember what they have read of their logs.
/// </summary>
public sealed class LakeStore
{
    private readonly ConcurrentDictionary<string, LakeTable> tables = new(StringComparer.Ordinal);

    /// <summary>A lake below <paramref name="rootFolder"/>, which is made when needed.</summary>
    public LakeStore(string rootFolder)
    {
        Root = Path.GetFullPath(rootFolder);
        LandingFolder = Path.Combine(Root, "landing");
    }

    /// <summary>The lake's folder.</summary>
    public string Root { get; }

    /// <summary>Where raw files are kept.</summary>
    public string LandingFolder { get; }

    /// <summary>All tables that have at least one version, by layer and name.</summary>
    public IReadOnlyList<TableName> Tables()
    {
        var found = new List<TableName>();
        foreach (var layer in Enum.GetValues<Layer>())
        {
            var folder = new DirectoryInfo(Path.Combine(Root, new TableName(layer, "x").LayerName));
            if (!folder.Exists) continue;
            foreach (var table in folder.EnumerateDirectories())
                if (TableName.TryParse($"{layer}.{table.Name}", out var name) && Table(name).Exists) found.Add(name);
        }
        return [.. found.OrderBy(t => t.Layer).ThenBy(t => t.Name, StringComparer.Ordinal)];
    }

    /// <summary>The table of that name, whether it exists yet or not.</summary>
    public LakeTable Table(TableName name) => TableAt($"{name.LayerName}/{name.Name}", name.ToString());

    /// <summary>A table at a folder of its own, relative to the lake (rejects tables lie so), or absolute.</summary>
    /// <exception cref="LakeException">A relative folder that leads out of the lake.</exception>
    public LakeTable TableAt(string relativeFolder) => TableAt(relativeFolder, relativeFolder);

    private LakeTable TableAt(string folder, string shownName)
    {
        var full = Path.GetFullPath(Path.Combine(Root, folder));
        if (!Path.IsPathRooted(folder) && !full.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new LakeException($"Folder '{folder}' leads out of the lake at {Root}. Give a folder below it, or an absolute one.");
        return tables.GetOrAdd(full, path => new LakeTable(new LocalFileStore(path), shownName));
    }
}
