using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace FlowForge.PluginHost;

/// <summary>
/// A plugin as a file: a <c>.nupkg</c> whose folder <c>flowforge/</c> holds what the plugin's build made. Read without trust: names that lead out of the
/// folder, too many files and too many bytes are refused.
/// </summary>
public sealed partial class PluginPackage
{
    public const string Folder = "flowforge/";
    public const long LargestPackage = 256L << 20;
    private const long LargestContent = 1L << 30;
    private const int MostFiles = 5000;

    private PluginPackage(string name, string version, string? description, string sha256) => (Name, Version, Description, Sha256) = (name, version, description, sha256);

    /// <summary>The package's id, in lower case.</summary>
    public string Name { get; }
    public string Version { get; }
    public string? Description { get; }
    /// <summary>Of the whole file, lower-case hexadecimal.</summary>
    public string Sha256 { get; }

    /// <summary>Reads a package and unpacks its plugin into a folder that must not exist yet.</summary>
    /// <exception cref="PluginException">It is no package of a plugin; nothing is left behind.</exception>
    public static PluginPackage Unpack(string file, Func<PluginPackage, string> target)
    {
        string? folder = null;
        try
        {
            using var stream = File.OpenRead(file);
            var sha = Convert.ToHexStringLower(SHA256.HashData(stream));
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read);
            var package = Describe(zip, sha);
            var files = zip.Entries.Where(e => e.FullName.StartsWith(Folder, StringComparison.Ordinal) && e.Name.Length > 0).ToList();
            if (files.Count == 0) throw new PluginException($"The package has no folder {Folder}: it is no FlowForge plugin. Make one with 'flowforge plugin pack'.");
            if (files.Count > MostFiles) throw new PluginException($"The package holds {files.Count} files; a plugin has at most {MostFiles}.");
            folder = target(package);
            var left = LargestContent;
            foreach (var entry in files) left -= Extract(entry, folder, left);
            return package;
        }
        catch (Exception e)
        {
            if (folder is not null && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            // A name that no file system takes is the package's fault; a full disk is not.
            if (e is InvalidDataException or XmlException or ArgumentException) throw new PluginException($"The file is no package: {e.Message}", e);
            throw;
        }
    }

    private static PluginPackage Describe(ZipArchive zip, string sha)
    {
        var nuspec = zip.Entries.FirstOrDefault(e => !e.FullName.Contains('/', StringComparison.Ordinal) && e.Name.EndsWith(".nuspec", StringComparison.OrdinalIgnoreCase))
            ?? throw new PluginException("The package has no .nuspec: it is no NuGet package.");
        if (nuspec.Length > 1 << 20) throw new PluginException("The package's .nuspec is larger than 1 MB.");
        using var text = nuspec.Open();
        using var reader = XmlReader.Create(text, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        var metadata = XDocument.Load(reader).Root?.Elements().FirstOrDefault(e => e.Name.LocalName == "metadata");
        var (name, version) = (Of("id")?.ToLowerInvariant(), Of("version"));
        if (name is null || !NameForm().IsMatch(name)) throw new PluginException($"The package's id is '{name}'; it must be letters, digits, dots, _ and -.");
        if (version is null || !VersionForm().IsMatch(version)) throw new PluginException($"The package's version is '{version}'; it must be like 1.2.3.");
        return new PluginPackage(name, version, Of("description"), sha);

        string? Of(string element) => metadata?.Elements().FirstOrDefault(e => e.Name.LocalName == element)?.Value.Trim();
    }

    private static long Extract(ZipArchiveEntry entry, string folder, long left)
    {
        var path = Path.GetFullPath(Path.Combine(folder, entry.FullName[Folder.Length..]));
        if (!path.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)) throw new PluginException($"The package's file {entry.FullName} leads out of its folder.");
        if (File.Exists(path) || Directory.Exists(path)) throw new PluginException($"The package holds {entry.FullName} twice.");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var from = entry.Open();
        using var to = new FileStream(path, FileMode.CreateNew);
        var buffer = new byte[1 << 16];
        long size = 0;
        while (from.Read(buffer) is > 0 and var read)
        {
            // The sizes that a zip states need not be true.
            if ((size += read) > left) throw new PluginException($"The package unpacks to more than {LargestContent >> 20} MB.");
            to.Write(buffer, 0, read);
        }
        return size;
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._-]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();

    [GeneratedRegex(@"^[0-9]{1,6}(\.[0-9]{1,6}){1,3}(-[A-Za-z0-9.-]{1,50})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex VersionForm();
}
