using System.Xml.Linq;

namespace FlowForge.Architecture.Tests;

public sealed class ReferenceTests
{
    public static TheoryData<string> Rooms => [.. House.Rooms()];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void ProjectReferences_OfEveryRoom_AreInTheTable(string room)
    {
        var allowed = AllowedFor(room);
        var wrong = ReferencesOf(room).Except(allowed, StringComparer.Ordinal).ToArray();
        Assert.True(wrong.Length == 0, $"{room} references {string.Join(", ", wrong)}, which the house does not allow. Allowed: {string.Join(", ", allowed)}.");
    }

    [Fact]
    public void Table_NamesOnlyRoomsThatExist()
    {
        var rooms = House.Rooms().ToHashSet(StringComparer.Ordinal);
        Assert.Equal([], House.MayReference.Keys.Except(rooms));
        Assert.True(rooms.Count >= House.MayReference.Count, "Rooms() found fewer projects than the table has rows.");
    }

    [Fact]
    public void Runtime_ReferencesNoConnector()
    {
        var connectors = House.Rooms().Where(IsPlugin).ToArray();
        Assert.NotEmpty(connectors);
        foreach (var room in House.Rooms().Where(r => r.StartsWith("Runtime/", StringComparison.Ordinal)))
            Assert.Empty(ReferencesOf(room).Intersect(connectors, StringComparer.Ordinal));
    }

    [Fact]
    public void Libduckdb_IsTouchedByDuckAlone()
    {
        var offenders = SourceFiles("Runtime", "Plugins", "Workbench", "AppHost", "ServiceDefaults")
            .Where(file => !file.StartsWith("Runtime/Duck/", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(Path.Combine(House.Root, file)) is var text
                && (text.Contains("DllImport", StringComparison.Ordinal) || text.Contains("LibraryImport", StringComparison.Ordinal))
                && text.Contains("\"duckdb", StringComparison.Ordinal));
        Assert.Empty(offenders);
    }

    [Fact]
    public void SourceFiles_OfEveryRoom_StayUnderEightHundredLines()
    {
        var long_ = SourceFiles("Runtime", "Plugins", "Workbench", "AppHost", "ServiceDefaults")
            .Select(file => (file, lines: File.ReadLines(Path.Combine(House.Root, file)).Count()))
            .Where(f => f.lines > 800).Select(f => $"{f.file}: {f.lines}").ToArray();
        Assert.Empty(long_);
    }

    private static string[] AllowedFor(string room)
    {
        if (House.MayReference.TryGetValue(room, out var allowed)) return allowed;
        Assert.True(IsPlugin(room), $"{room} is not in the table of the house: add it to tests/Architecture/House.cs with what it may reference.");
        return House.PluginMayReference;
    }

    private static bool IsPlugin(string room) =>
        room.StartsWith("Plugins/", StringComparison.Ordinal) && room is not ("Plugins/Abstractions" or "Plugins/Testing");

    /// <summary>Compile-time references; those with ReferenceOutputAssembly=false only order the build.</summary>
    private static IEnumerable<string> ReferencesOf(string room)
    {
        var folder = Path.Combine(House.Root, room);
        var project = Directory.EnumerateFiles(folder, "*.csproj").Single();
        return XDocument.Load(project).Descendants("ProjectReference")
            .Where(r => (string?)r.Attribute("ReferenceOutputAssembly") != "false")
            .SelectMany(r => ((string)r.Attribute("Include")!).Split(';'))
            .Select(include => Path.GetRelativePath(House.Root, Path.GetDirectoryName(Path.GetFullPath(Path.Combine(folder, include.Replace('\\', '/'))))!).Replace('\\', '/'));
    }

    private static IEnumerable<string> SourceFiles(params string[] tops) =>
        tops.SelectMany(top => Directory.EnumerateFiles(Path.Combine(House.Root, top), "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(House.Root, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/node_modules/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal));
}
