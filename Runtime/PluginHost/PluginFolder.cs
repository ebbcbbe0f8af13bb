using System.Security.Cryptography;
using System.Text;

namespace FlowForge.PluginHost;

/// <summary>A folder below the plugin root, looked at without loading anything.</summary>
internal sealed class PluginFolder
{
    private PluginFolder(string path, string fingerprint)
    {
        Path = path;
        Fingerprint = fingerprint;
    }

    public string Path { get; }
    public string Name => System.IO.Path.GetFileName(Path);
    /// <summary>Changes when any file's name, size or time changes: the mark of one generation of the plugin. Empty while files go under the look: the next look tells.</summary>
    public string Fingerprint { get; }

    public static IEnumerable<PluginFolder> In(string root)
    {
        if (!Directory.Exists(root)) yield break;
        foreach (var path in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
            if (Look(path) is { } folder) yield return folder;
    }

    private static PluginFolder? Look(string path)
    {
        try
        {
            return Directory.EnumerateFiles(path, "*.deps.json").Any() ? new PluginFolder(path, FingerprintOf(path)) : null;
        }
        catch (DirectoryNotFoundException) when (!Directory.Exists(path))
        {
            return null;
        }
        catch (IOException)
        {
            return new PluginFolder(path, "");
        }
    }

    /// <summary>The assembly that the folder is about: the one with a .deps.json beside it.</summary>
    /// <exception cref="PluginException">There are several, or the assembly itself is missing.</exception>
    public static string MainAssembly(string folder)
    {
        var candidates = Directory.GetFiles(folder, "*.deps.json").Select(f => f[..^".deps.json".Length] + ".dll").ToArray();
        if (candidates.Length == 0)
            throw new PluginException($"Plugin folder {folder} has no .deps.json: it is not what a plugin's build makes. Set EnableDynamicLoading in the plugin's project and take its whole output.");
        if (candidates.Length > 1)
            throw new PluginException($"Plugin folder {folder} holds several plugins ({string.Join(", ", candidates.Select(System.IO.Path.GetFileName))}). Build each plugin into a folder of its own.");
        if (!File.Exists(candidates[0]))
            throw new PluginException($"Plugin folder {folder} lacks {System.IO.Path.GetFileName(candidates[0])}, which its .deps.json describes. Build the plugin again.");
        return candidates[0];
    }

    /// <summary>
    /// Copies the folder to <paramref name="shadowRoot"/>, so that the original can be rebuilt while this generation
    /// is in use. Made under a temporary name: a half-made copy is never loaded.
    /// </summary>
    public string ShadowCopy(string shadowRoot)
    {
        var target = System.IO.Path.Combine(shadowRoot, $"{Name}-{Fingerprint[..16]}");
        if (Directory.Exists(target)) return target;
        var temporary = $"{target}.{Guid.NewGuid():n}.tmp";
        foreach (var file in Files(Path))
        {
            var copy = System.IO.Path.Combine(temporary, System.IO.Path.GetRelativePath(Path, file.FullName));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            file.CopyTo(copy);
        }
        try { Directory.Move(temporary, target); }
        catch (IOException) when (Directory.Exists(target)) { Directory.Delete(temporary, recursive: true); }
        return target;
    }

    private static string FingerprintOf(string path)
    {
        var text = new StringBuilder();
        foreach (var file in Files(path))
            text.Append(System.IO.Path.GetRelativePath(path, file.FullName)).Append('|').Append(file.Length).Append('|').Append(file.LastWriteTimeUtc.Ticks).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static IEnumerable<FileInfo> Files(string path) =>
        new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal);
}
