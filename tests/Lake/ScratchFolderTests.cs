using FlowForge.Lake.Files;

namespace FlowForge.Lake.Tests;

public sealed class ScratchFolderTests
{
    [Fact]
    public void New_AfterAKilledMaker_TakesItsFolderAwayAndNotALivingOnes()
    {
        var parent = Directory.CreateTempSubdirectory("flowforge-scratch").FullName;
        try
        {
            // What a killed maker leaves: a lock file that nobody holds, and its folder.
            Directory.CreateDirectory(Path.Combine(parent, "dead"));
            File.WriteAllText(Path.Combine(parent, "dead", "spilled"), "rows");
            File.WriteAllText(Path.Combine(parent, "dead.lock"), "");
            using (var living = new ScratchFolder(parent))
            {
                using var other = new ScratchFolder(parent);
                Assert.False(Directory.Exists(Path.Combine(parent, "dead")));
                Assert.True(Directory.Exists(living.Directory));
                Assert.NotEqual(living.Directory, other.Directory);
            }
            Assert.Empty(Directory.GetFileSystemEntries(parent));
        }
        finally
        {
            Directory.Delete(parent, recursive: true);
        }
    }
}
