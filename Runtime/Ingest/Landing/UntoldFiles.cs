using System.Text.Json;
using FlowForge.Lake;

namespace FlowForge.Ingest.Landing;

/// <summary>
/// Files that a run commits and of which it tells the source only afterwards, so that it moves or deletes them. Each run notes its own before the commit and forgets them once the source
/// knows; what is still there was left by a run that was killed in between, and a later one tells it. Only a list of candidates: which files are in the table, its state says.
/// </summary>
/// <param name="jobFolder">The job's landing folder.</param>
internal sealed class UntoldFiles(string jobFolder)
{
    private readonly string _folder = Path.Combine(jobFolder, "_flowforge", "untold");

    /// <summary>What one run noted.</summary>
    /// <param name="Run">Its id.</param>
    /// <param name="Transaction">The version its commit has or would have had.</param>
    public sealed record Noted(string Run, long Transaction, IReadOnlyList<SeenFile> Files);

    /// <summary>Notes the files of a run; the list is whole or not there.</summary>
    public void Note(Noted noted)
    {
        Directory.CreateDirectory(_folder);
        var path = PathOf(noted.Run);
        using (var file = File.Create(path + ".tmp"))
        {
            JsonSerializer.Serialize(file, noted);
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".tmp", path, overwrite: true);
    }

    public void Forget(string run)
    {
        if (Directory.Exists(_folder)) File.Delete(PathOf(run));
    }

    /// <summary>What other runs have noted, oldest first.</summary>
    public IReadOnlyList<Noted> OfOthers(string run)
    {
        if (!Directory.Exists(_folder)) return [];
        return [.. Directory.EnumerateFiles(_folder, "*.json").Where(p => p != PathOf(run)).Select(Read).OfType<Noted>().OrderBy(n => n.Transaction)];
    }

    // One that ended meanwhile has no list any more.
    private static Noted? Read(string path)
    {
        try { return JsonSerializer.Deserialize<Noted>(File.ReadAllBytes(path)); }
        catch (FileNotFoundException) { return null; }
    }

    private string PathOf(string run) => Path.Combine(_folder, run + ".json");
}
