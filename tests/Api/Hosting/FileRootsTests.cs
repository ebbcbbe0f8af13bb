using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using Microsoft.Extensions.Configuration;

namespace FlowForge.Api.Tests.Hosting;

public sealed class FileRootsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("flowforge-roots-").FullName;
    private readonly FileRoots roots;

    public FileRootsTests()
    {
        Directory.CreateDirectory(Path.Combine(folder, "allowed", "inner"));
        Directory.CreateDirectory(Path.Combine(folder, "allowed-not"));
        roots = new FileRoots(RuntimeSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["FlowForge:DataFolder"] = Path.Combine(folder, "data"), ["Files:Roots:0"] = Path.Combine(folder, "allowed")
        }).Build()));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("allowed")]
    [InlineData("allowed/inner")]
    [InlineData("allowed/inner/../inner/")]
    [InlineData("data/workspace")]
    public void Allow_FolderInARoot_IsTheRealPath(string path) =>
        Assert.Equal(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine(folder, path))), roots.Allow(Path.Combine(folder, path)));

    [Theory]
    [InlineData("allowed/..")]
    [InlineData("allowed-not")]
    [InlineData("data")]
    public void Allow_FolderElsewhere_IsRefused(string path)
    {
        var wanted = Path.Combine(folder, path);
        var refused = Assert.Throws<ProblemException>(() => roots.Allow(wanted)).Problem;
        Assert.Equal(403, refused.Status);
        Assert.Equal($"Pipelines may not use the folder {wanted}. Allowed: {folder}/data/workspace, {folder}/allowed.", refused.Detail);
        Assert.Equal("Start the environment with --files-root DIR to allow it.", refused.Suggestion);
    }

    [Fact]
    public void Allow_LinkThatLeadsOut_IsRefused()
    {
        Directory.CreateSymbolicLink(Path.Combine(folder, "allowed", "out"), "/");
        Assert.Equal(403, Assert.Throws<ProblemException>(() => roots.Allow(Path.Combine(folder, "allowed", "out", "etc"))).Problem.Status);
    }

    [Fact]
    public void Allow_LinkThatStaysInside_IsFollowed()
    {
        Directory.CreateSymbolicLink(Path.Combine(folder, "allowed", "in"), "inner");
        Assert.Equal(Path.Combine(folder, "allowed", "inner"), roots.Allow(Path.Combine(folder, "allowed", "in")));
    }

    [Fact]
    public void Allow_LinksInACircle_AreRefused()
    {
        var link = Path.Combine(folder, "allowed", "round");
        Directory.CreateSymbolicLink(link, "round");
        Assert.Equal($"{link} goes through more than 40 links; they may form a circle. Name the real folder.", Assert.Throws<ProblemException>(() => roots.Allow(link)).Message);
    }

    [Fact]
    public void Allow_LinkToAFolderOfALinkAndUp_IsWhereTheSystemLeads()
    {
        // ".." behind a link is the folder above the link's target, not above the link.
        Directory.CreateDirectory(Path.Combine(folder, "elsewhere", "deep"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "elsewhere", "up"), "../allowed/inner/..");
        Assert.Equal(Path.Combine(folder, "allowed"), roots.Allow(Path.Combine(folder, "elsewhere", "up")));
        Directory.CreateSymbolicLink(Path.Combine(folder, "allowed", "deep"), Path.Combine(folder, "elsewhere", "deep"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "allowed", "behind"), "deep/../../elsewhere");
        Assert.Equal(403, Assert.Throws<ProblemException>(() => roots.Allow(Path.Combine(folder, "allowed", "behind"))).Problem.Status);
    }

    [Fact]
    public void Allow_RelativePath_IsRefused() =>
        Assert.Equal("baseDirectory is 'allowed'; it must be an absolute path.", Assert.Throws<ProblemException>(() => roots.Allow("allowed")).Message);

    [Fact]
    public void Allow_MissingFolder_IsRefused() =>
        Assert.Equal($"The folder {folder}/allowed/none does not exist.", Assert.Throws<ProblemException>(() => roots.Allow(Path.Combine(folder, "allowed", "none"))).Message);
}
