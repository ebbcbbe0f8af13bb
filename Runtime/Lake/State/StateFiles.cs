using System.Text.Json;
using System.Text.Json.Serialization;
using FlowForge.Lake.Files;

namespace FlowForge.Lake.State;

/// <summary>
/// Job states as files. The list of files seen can be long, so it lies in segments of its own: a commit writes the entries that are new, and small
/// segments at the end are merged as they grow (each entry is rewritten about log n times in all).
/// </summary>
internal sealed class StateFiles(IFileStore files)
{
    public const string Folder = "_flowforge/state";

    /// <summary>The metadata domain that holds the state of one application.</summary>
    public static string Domain(string applicationId) => "flowforge.job/" + applicationId;

    /// <summary>The state behind a domain's configuration.</summary>
    public JobState Read(string configuration) => ReadWithSegments(configuration).State;

    /// <summary>Paths of the files that a domain's configuration names.</summary>
    public IEnumerable<string> Paths(string configuration)
    {
        var (path, file) = ReadFile(configuration);
        return file.Segments.Select(s => s.Path).Prepend(path);
    }

    /// <summary>Like <see cref="Paths"/>, of a state that need not be there any more.</summary>
    public IEnumerable<string> PathsThere(string configuration) => files.Exists(Reference(configuration)) ? Paths(configuration) : [];

    /// <summary>Paths of the files that a domain's configuration names and that are not there.</summary>
    public IReadOnlyList<string> Missing(string configuration) =>
        files.Exists(Reference(configuration)) ? [.. Paths(configuration).Where(p => !files.Exists(p))] : [Reference(configuration)];

    /// <summary>Writes the state's files; gives the domain's configuration. <paramref name="previous"/> is the configuration that it follows, if any.</summary>
    public string Write(JobState state, string? previous, string uniqueName)
    {
        List<Segment> segments = [];
        var known = previous is null ? default : ReadWithSegments(previous);
        var seen = state.FilesSeen;
        if (known.State is { } old && IsContinued(old.FilesSeen, seen)) segments.AddRange(known.Segments);
        var start = segments.Sum(s => s.Count);
        if (seen.Count > start)
        {
            while (segments.Count > 0 && segments[^1].Count <= 2 * (seen.Count - start))
            {
                start -= segments[^1].Count;
                segments.RemoveAt(segments.Count - 1);
            }
            var segment = new Segment($"{Folder}/{uniqueName}.seen.json", seen.Count - start);
            files.PutIfAbsent(segment.Path, JsonSerializer.SerializeToUtf8Bytes([.. seen.Skip(start)], StateJson.Default.ListSeenFile));
            segments.Add(segment);
        }
        var path = $"{Folder}/{uniqueName}.json";
        files.PutIfAbsent(path, JsonSerializer.SerializeToUtf8Bytes(new StateFile(state with { FilesSeen = [] }, segments), StateJson.Default.StateFile));
        return JsonSerializer.Serialize(new StateReference(path), StateJson.Default.StateReference);
    }

    private (JobState State, IReadOnlyList<Segment> Segments) ReadWithSegments(string configuration)
    {
        var (_, file) = ReadFile(configuration);
        var seen = new SeenFiles(file.Segments.Sum(s => s.Count), () => [.. file.Segments.SelectMany(s => JsonSerializer.Deserialize(Content(s.Path), StateJson.Default.ListSeenFile)!)]);
        return (file.State with { FilesSeen = seen }, file.Segments);
    }

    private (string Path, StateFile File) ReadFile(string configuration)
    {
        var path = Reference(configuration);
        return (path, JsonSerializer.Deserialize(Content(path), StateJson.Default.StateFile)!);
    }

    private static string Reference(string configuration) => JsonSerializer.Deserialize(configuration, StateJson.Default.StateReference)!.State;

    private byte[] Content(string path) => files.Read(path)
        ?? throw new LakeException($"The state file {path} of the table at {files.Root} is missing, although a commit names it. Restore it from a backup: without it the job would load its files again.");

    private static bool IsContinued(IReadOnlyList<SeenFile> old, IReadOnlyList<SeenFile> now) =>
        now.Count >= old.Count && old.Select((file, i) => ReferenceEquals(file, now[i]) || file == now[i]).All(same => same);
}

internal sealed record Segment(string Path, int Count);

internal sealed record StateFile(JobState State, IReadOnlyList<Segment> Segments);

internal sealed record StateReference(string State);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StateFile))]
[JsonSerializable(typeof(StateReference))]
[JsonSerializable(typeof(List<SeenFile>))]
internal sealed partial class StateJson : JsonSerializerContext;
