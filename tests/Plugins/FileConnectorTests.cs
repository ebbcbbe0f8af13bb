using System.Diagnostics;
using System.Diagnostics.Metrics;
using FlowForge.Plugins.Files;

namespace FlowForge.Plugins.Tests;

public sealed class FileConnectorTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-file-tests", Guid.NewGuid().ToString("n"));
    private readonly string _workspace;
    private readonly Meter _meter = new("test");
    private readonly ActivitySource _activities = new("test");

    public FileConnectorTests()
    {
        _workspace = Path.Combine(_root, "workspace");
        foreach (var file in new[] { "a.csv", "b.csv", "c.txt", ".hidden.csv", "sub/d.csv", "sub/deep/e.csv", "other/f.csv" }) Write(Path.Combine("workspace", file));
        Write("outside/secret.csv");
        Write("workspace-twin/near.csv");
    }

    public void Dispose()
    {
        _meter.Dispose();
        _activities.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private void Write(string path)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, path);
    }

    private FileConnector Connector(FileSpec spec, params string[] moreRoots) => new(new ConnectorContext<FileSpec>
    {
        Settings = spec,
        BaseDirectory = _workspace,
        AllowedRoots = [_workspace, .. moreRoots],
        Log = new SilentLog(),
        Activities = _activities,
        Meter = _meter,
    });

    private async Task<List<string>> ListAsync(FileSpec spec, params string[] moreRoots)
    {
        var found = new List<string>();
        await foreach (var file in Connector(spec, moreRoots).ListAsync(TestContext.Current.CancellationToken)) found.Add(file.Path);
        return found;
    }

    [Theory]
    [InlineData("a.csv", "a.csv")]
    [InlineData("*.csv", "a.csv b.csv")]
    [InlineData("?.csv", "a.csv b.csv")]
    [InlineData("[b-z].*", "b.csv c.txt")]
    [InlineData("[!a].csv", "b.csv")]
    [InlineData("{a,c}.{csv,txt}", "a.csv c.txt")]
    [InlineData("**/*.csv", "a.csv b.csv other/f.csv sub/d.csv sub/deep/e.csv")]
    [InlineData("**", "a.csv b.csv c.txt other/f.csv sub/d.csv sub/deep/e.csv")]
    [InlineData("sub/**/*.csv", "sub/d.csv sub/deep/e.csv")]
    [InlineData("*/d.csv", "sub/d.csv")]
    [InlineData("sub", "sub/d.csv")]
    [InlineData(".hidden*", ".hidden.csv")]
    [InlineData("*.none", "")]
    public async Task ListAsync_Pattern_FindsMatchingFilesInOrder(string pattern, string expected) =>
        Assert.Equal(expected, string.Join(" ", await ListAsync(new FileSpec { Path = [pattern] })));

    [Fact]
    public async Task ListAsync_SeveralPatternsAndExclusions_ListEachFileOnce() =>
        Assert.Equal(["a.csv", "b.csv", "sub/d.csv"], await ListAsync(new FileSpec { Path = ["a.csv", "**/*.csv"], Exclude = ["other/*", "e.csv"] }));

    [Fact]
    public async Task ListAsync_File_HasItsFactsAndContent()
    {
        await foreach (var file in Connector(new FileSpec { Path = ["a.csv"] }).ListAsync(TestContext.Current.CancellationToken))
        {
            Assert.Equal("a.csv", file.Name);
            Assert.Equal(new FileInfo(Path.Combine(_workspace, "a.csv")).Length, file.Size);
            Assert.Equal(File.GetLastWriteTimeUtc(Path.Combine(_workspace, "a.csv")), file.Modified!.Value.UtcDateTime);
            using var reader = new StreamReader(await file.OpenAsync(TestContext.Current.CancellationToken));
            Assert.Equal("workspace/a.csv", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData("../outside/secret.csv")]
    [InlineData("../outside/*.csv")]
    [InlineData("../workspace-twin/near.csv")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/../../outside/secret.csv")]
    public async Task ListAsync_PathOutsideTheRoots_IsRefused(string path)
    {
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ListAsync(new FileSpec { Path = [path] }));
        Assert.EndsWith($"lies outside the folders that may be read ({_workspace}).", failure.Message);
        Assert.Equal("Move the files into one of them, or add the folder to the allowed roots of the runtime.", failure.Suggestion);
    }

    [Fact]
    public async Task ListAsync_FolderAllowedByTheRuntime_IsRead()
    {
        var outside = Path.Combine(_root, "outside");
        Assert.Equal([outside + "/secret.csv"], await ListAsync(new FileSpec { Path = ["../outside/*.csv"] }, outside));
    }

    [Fact]
    public async Task ListAsync_LinksThatLeadOut_AreRefusedWhenNamedAndPassedOverWhenFound()
    {
        File.CreateSymbolicLink(Path.Combine(_workspace, "link.csv"), Path.Combine(_root, "outside", "secret.csv"));
        Directory.CreateSymbolicLink(Path.Combine(_workspace, "linked"), Path.Combine(_root, "outside"));
        Assert.Equal(["a.csv", "b.csv", "other/f.csv", "sub/d.csv", "sub/deep/e.csv"], await ListAsync(new FileSpec { Path = ["**/*.csv"] }));
        await Assert.ThrowsAsync<TerminalException>(() => ListAsync(new FileSpec { Path = ["link.csv"] }));
        await Assert.ThrowsAsync<TerminalException>(() => ListAsync(new FileSpec { Path = ["linked/secret.csv"] }));
        await Assert.ThrowsAsync<TerminalException>(() => ListAsync(new FileSpec { Path = ["linked/../../outside/secret.csv"] }));
    }

    [Fact]
    public async Task ListAsync_CircleOfLinks_Ends()
    {
        Directory.CreateSymbolicLink(Path.Combine(_workspace, "sub", "up"), _workspace);
        File.CreateSymbolicLink(Path.Combine(_workspace, "x"), Path.Combine(_workspace, "y"));
        File.CreateSymbolicLink(Path.Combine(_workspace, "y"), Path.Combine(_workspace, "x"));
        Assert.Contains("sub/d.csv", await ListAsync(new FileSpec { Path = ["**/d.csv"] }));
    }

    [Fact]
    public async Task OpenAsync_FileThatBecameALinkOutside_IsRefused()
    {
        await foreach (var file in Connector(new FileSpec { Path = ["a.csv"] }).ListAsync(TestContext.Current.CancellationToken))
        {
            File.Delete(Path.Combine(_workspace, "a.csv"));
            File.CreateSymbolicLink(Path.Combine(_workspace, "a.csv"), Path.Combine(_root, "outside", "secret.csv"));
            await Assert.ThrowsAsync<TerminalException>(async () => await file.OpenAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task ListAsync_MissingFileOrFolder_SaysWhere()
    {
        var file = await Assert.ThrowsAsync<TerminalException>(() => ListAsync(new FileSpec { Path = ["none.csv"] }));
        Assert.Equal($"none.csv does not exist in {_workspace}.", file.Message);
        var folder = await Assert.ThrowsAsync<TerminalException>(() => ListAsync(new FileSpec { Path = ["none/*.csv"] }));
        Assert.Equal($"Folder {_workspace}/none does not exist.", folder.Message);
        var nothing = await Assert.ThrowsAsync<TerminalException>(() => ListAsync(new FileSpec { Path = ["*.none"], MustExist = true }));
        Assert.Equal($"No file matches *.none in {_workspace}.", nothing.Message);
    }

    private sealed class SilentLog : IConnectorLog
    {
        public void Debug(string message) { }
        public void Information(string message) { }
        public void Warning(string message) { }
    }

    [Fact]
    public async Task ListAsync_UploadArea_IsTheWorkspacesAndNothingAroundIt()
    {
        using var fixture = new Testing.ConnectorFixture();
        async Task<string> NamesAsync(string path)
        {
            var names = new List<string>();
            await foreach (var file in new Files.FileConnector(fixture.Context(new Files.FileSpec { Path = [path] })).ListAsync(TestContext.Current.CancellationToken)) names.Add(file.Path);
            return string.Join(' ', names);
        }
        var failure = await Assert.ThrowsAsync<TerminalException>(() => NamesAsync("upload:a.csv"));
        Assert.Equal(("upload:a.csv: nothing was uploaded yet.", "Drop a file on the page Sources, Uploads, or send it with flowforge upload."), (failure.Message, failure.Suggestion));
        Directory.CreateDirectory(Path.Combine(fixture.Folder, "uploads"));
        File.WriteAllText(Path.Combine(fixture.Folder, "uploads", "a.csv"), "1");
        File.WriteAllText(Path.Combine(fixture.Folder, "b.csv"), "1");
        // A folder of that name in any other root is none.
        await Assert.ThrowsAsync<TerminalException>(() => NamesAsync("upload:a.csv"));
        File.WriteAllText(Path.Combine(fixture.Folder, ".flowforge-workspace"), "");
        Assert.Equal("uploads/a.csv", await NamesAsync("upload:a.csv"));
        Assert.Equal("uploads/a.csv", await NamesAsync("upload:*.csv"));
        failure = await Assert.ThrowsAsync<TerminalException>(() => NamesAsync("upload:../b.csv"));
        Assert.Equal("upload:../b.csv leads out of the upload area.", failure.Message);
    }
}
