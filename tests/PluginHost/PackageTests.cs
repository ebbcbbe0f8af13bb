using System.IO.Compression;
using System.Text;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Tests;

public sealed class PackageTests : IDisposable
{
    private const string Nuspec = "<package><metadata><id>Speaker</id><version>1.2.0</version><description>Speaks.</description></metadata></package>";
    private readonly string _root = Directory.CreateTempSubdirectory("flowforge-packages-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private InstalledPlugins Installed => new(Path.Combine(_root, "plugins"));

    private string Package(string nuspec, params (string Name, byte[] Content)[] files)
    {
        var path = Path.Combine(_root, $"{Guid.NewGuid():n}.nupkg");
        using var zip = new ZipArchive(new FileStream(path, FileMode.Create), ZipArchiveMode.Create);
        foreach (var (name, content) in files.Prepend(("speaker.nuspec", Encoding.UTF8.GetBytes(nuspec))))
        {
            using var entry = zip.CreateEntry(name).Open();
            entry.Write(content);
        }
        return path;
    }

    private (string Name, byte[] Content)[] Plugin(string version, string says)
    {
        var folder = Path.Combine(_root, "built-" + version);
        PluginMaker.Make(folder, "Speaker", $$"""
            [assembly: System.Reflection.AssemblyVersion("{{version}}.0")]
            public sealed record Spec;
            [Connector("speaker")] public sealed class Speaker(ConnectorContext<Spec> context) : IConnector { public override string ToString() => "{{says}}"; }
            """);
        return [.. Directory.GetFiles(folder).Select(f => ("flowforge/" + Path.GetFileName(f), File.ReadAllBytes(f)))];
    }

    [Fact]
    public async Task Install_TwoVersions_StandSideBySideAndTheHighestIsMeant()
    {
        var old = Installed.Install(Package(Nuspec, Plugin("1.2.0", "old")), null);
        Installed.Install(Package(Nuspec.Replace("1.2.0", "1.10.0", StringComparison.Ordinal), Plugin("1.10.0", "newer")), null);
        Assert.Equal(["speaker 1.10.0", "speaker 1.2.0"], Installed.List().Select(p => $"{p.Name} {p.Version}"));
        var registry = PluginRegistry.Scan([Path.Combine(_root, "none"), Path.Combine(_root, "plugins")], Path.Combine(_root, "shadow"));
        Assert.Equal(["1.10.0", "1.2.0"], registry.Versions("speaker"));
        Assert.Equal("1.10.0", Assert.Single(registry.Connectors).Version);
        Assert.Equal(("newer", "old"), (await SayAsync("speaker"), await SayAsync("speaker@1.2.0")));
        Assert.Equal("There is no connector 'speaker@1.3.0'. Installed versions of 'speaker': 1.2.0, 1.10.0.", Assert.Throws<PluginException>(() => registry.Connector("speaker@1.3.0")).Message);
        Assert.True(Installed.Remove("speaker", "1.10.0"));
        Assert.Equal("old", await SayAsync("speaker"));
        Assert.Equal(("Speaks.", 64), (old.Description, old.Sha256.Length));

        async Task<string> SayAsync(string name)
        {
            await using var lease = registry.Open(name, new OpenRequest { Settings = [], BaseDirectory = _root, AllowedRoots = [], Log = new Silent() });
            return lease.Connector.ToString()!;
        }
    }

    [Fact]
    public void Install_Twice_IsTheSameUnlessTheContentDiffers()
    {
        var files = Plugin("1.2.0", "one");
        var package = Package(Nuspec, files);
        var first = Installed.Install(package, null);
        Assert.Equal(first, Installed.Install(package, first.Sha256));
        Assert.Equal($"speaker 1.2.0 is installed with other content ({first.Sha256}). Give the new one a new version, or remove the old one first.",
            Assert.Throws<PluginException>(() => Installed.Install(Package(Nuspec, [.. files, ("flowforge/more.txt", [1])]), null)).Message);
        var wrong = new string('0', 64);
        Assert.Equal($"The package has the checksum {first.Sha256}, not {wrong}. Do not install it unless you know why.", Assert.Throws<PluginException>(() => Installed.Install(package, wrong)).Message);
    }

    [Fact]
    public void Install_AfterARemovalThatWasKilled_PutsThePluginThereAnew()
    {
        var package = Package(Nuspec, Plugin("1.2.0", "one"));
        var installed = Installed;
        var folder = installed.FolderOf(installed.Install(package, null));
        // Killed half way, a removal in place or an install would leave this.
        foreach (var file in Directory.GetFiles(folder).Where(f => !f.EndsWith(".dll", StringComparison.Ordinal))) File.Delete(file);
        var left = Directory.CreateDirectory(Path.Combine(_root, "plugins-incoming", "left")).FullName;
        Assert.Empty(installed.List());
        Assert.Equal("1.2.0", Installed.Install(package, null).Version);
        Assert.False(Directory.Exists(left), "What a killed install left is there still.");
        Assert.Single(PluginRegistry.Scan([Path.Combine(_root, "plugins")], Path.Combine(_root, "shadow")).Connectors);
        Assert.True(Installed.Remove("speaker", "1.2.0"));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_root, "plugins")));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_root, "plugins-incoming")));
    }

    [Theory]
    [InlineData(Nuspec, "flowforge/../../outside.dll", "The package's file flowforge/../../outside.dll leads out of its folder.")]
    [InlineData(Nuspec, "lib/other.dll", "The package has no folder flowforge/: it is no FlowForge plugin. Make one with 'flowforge plugin pack'.")]
    [InlineData("<package><metadata><id>../x</id><version>1.0.0</version></metadata></package>", "flowforge/a.dll", "The package's id is '../x'; it must be letters, digits, dots, _ and -.")]
    [InlineData("<package><metadata><id>x</id><version>one</version></metadata></package>", "flowforge/a.dll", "The package's version is 'one'; it must be like 1.2.3.")]
    public void Install_HostilePackage_IsRefusedAndLeavesNothing(string nuspec, string file, string message)
    {
        Assert.Equal(message, Assert.Throws<PluginException>(() => Installed.Install(Package(nuspec, (file, [1, 2, 3])), null)).Message);
        Assert.Empty(Installed.List());
        Assert.Empty(Directory.EnumerateFiles(_root, "outside.dll", SearchOption.AllDirectories));
        Assert.False(Directory.Exists(Path.Combine(_root, "plugins-incoming")) && Directory.EnumerateFileSystemEntries(Path.Combine(_root, "plugins-incoming")).Any());
    }

    [Fact]
    public void Install_FileTwice_OrWithANameThatNoFileSystemTakes_IsRefusedAndLeavesNothing()
    {
        Assert.Equal("The package holds flowforge/a.dll twice.", Assert.Throws<PluginException>(() => Installed.Install(Package(Nuspec, ("flowforge/a.dll", [1]), ("flowforge/a.dll", [2])), null)).Message);
        Assert.StartsWith("The file is no package: ", Assert.Throws<PluginException>(() => Installed.Install(Package(Nuspec, ("flowforge/b.dll", [1]), ("flowforge/a\0.dll", [2])), null)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Directory.CreateDirectory(Path.Combine(_root, "plugins-incoming")).FullName));
    }

    [Fact]
    public void Install_NoZip_IsRefused()
    {
        var file = Path.Combine(_root, "text.nupkg");
        File.WriteAllText(file, "no zip at all");
        Assert.StartsWith("The file is no package: ", Assert.Throws<PluginException>(() => Installed.Install(file, null)).Message, StringComparison.Ordinal);
    }

    private sealed class Silent : IConnectorLog
    {
        public void Debug(string message) { }
        public void Information(string message) { }
        public void Warning(string message) { }
    }
}
