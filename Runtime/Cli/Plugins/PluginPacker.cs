using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using System.Xml.Linq;

namespace FlowForge.Cli.Plugins;

/// <summary>A package that was made.</summary>
internal sealed record PackedPlugin(string File, string Sha256);

/// <summary>Makes a .nupkg of a plugin's build output. The same input gives the same bytes.</summary>
internal static class PluginPacker
{
    private static readonly DateTimeOffset Stamp = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Shared by the runtime: a plugin that carried its own would not fit.</summary>
    private static readonly string[] Contract = ["FlowForge.Plugins.Abstractions", "FlowForge.Columnar"];

    public static PackedPlugin Pack(DirectoryInfo folder, string output, string? id, string? description)
    {
        if (!folder.Exists) throw new CliException($"There is no folder {folder}.", "Build the plugin, then name its output folder: bin/Release/net10.0.");
        var main = folder.GetFiles("*.deps.json") switch
        {
            [var one] => one.Name[..^".deps.json".Length],
            [] => throw new CliException($"{folder} has no .deps.json: it is not what a plugin's build makes.", "Set EnableDynamicLoading in the plugin's project, build it, and name its output folder."),
            _ => throw new CliException($"{folder} holds several plugins.", "Build each plugin into a folder of its own.")
        };
        var version = VersionOf(Path.Combine(folder.FullName, main + ".dll"));
        var name = (id ?? main).ToLowerInvariant();
        Directory.CreateDirectory(output);
        var file = Path.Combine(output, $"{name}.{version}.nupkg");
        using (var zip = new ZipArchive(new FileStream(file, FileMode.Create), ZipArchiveMode.Create))
        {
            Add(zip, $"{name}.nuspec", Nuspec(name, version, description ?? $"FlowForge plugin {main}"));
            Add(zip, "[Content_Types].xml", """<?xml version="1.0" encoding="utf-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="nuspec" ContentType="application/octet" /><Default Extension="dll" ContentType="application/octet" /><Default Extension="json" ContentType="application/octet" /><Default Extension="so" ContentType="application/octet" /></Types>""");
            foreach (var part in folder.EnumerateFiles("*", SearchOption.AllDirectories).Where(Belongs).OrderBy(f => f.FullName, StringComparer.Ordinal))
            {
                using var entry = Entry(zip, "flowforge/" + Path.GetRelativePath(folder.FullName, part.FullName).Replace('\\', '/')).Open();
                using var content = part.OpenRead();
                content.CopyTo(entry);
            }
        }
        using var made = File.OpenRead(file);
        return new PackedPlugin(file, Convert.ToHexStringLower(SHA256.HashData(made)));
    }

    private static bool Belongs(FileInfo file) => !Contract.Any(c => file.Name.StartsWith(c + ".", StringComparison.OrdinalIgnoreCase)) && file.Extension is not (".pdb" or ".nupkg");

    private static string VersionOf(string assembly)
    {
        try
        {
            using var stream = File.OpenRead(assembly);
            using var pe = new PEReader(stream);
            return pe.GetMetadataReader().GetAssemblyDefinition().Version.ToString(3);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or InvalidOperationException)
        {
            throw new CliException($"{assembly} cannot be read: {e.Message}", "Build the plugin again.");
        }
    }

    private static string Nuspec(string name, string version, string description)
    {
        XNamespace ns = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd";
        return new XDocument(new XElement(ns + "package", new XElement(ns + "metadata", new XElement(ns + "id", name), new XElement(ns + "version", version), new XElement(ns + "authors", name),
            new XElement(ns + "description", description), new XElement(ns + "packageTypes", new XElement(ns + "packageType", new XAttribute("name", "FlowForgePlugin")))))).ToString();
    }

    private static void Add(ZipArchive zip, string name, string text)
    {
        using var writer = new StreamWriter(Entry(zip, name).Open());
        writer.Write(text);
    }

    private static ZipArchiveEntry Entry(ZipArchive zip, string name)
    {
        var entry = zip.CreateEntry(name, CompressionLevel.Optimal);
        entry.LastWriteTime = Stamp;
        return entry;
    }
}
