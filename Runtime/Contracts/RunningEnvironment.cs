using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>
/// What <c>runtime.json</c> in a data folder says: how tools reach the environment that runs on it. Written by the AppHost, removed when it stops;
/// after a kill -9 it stays, so a reader must be ready for nobody to answer.
/// </summary>
public sealed record RunningEnvironment
{
    public const string FileName = "runtime.json";

    /// <summary>The AppHost's process.</summary>
    public required int ProcessId { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required Uri Runtime { get; init; }
    /// <summary>Null when there is none: an environment for one run.</summary>
    public Uri? Workbench { get; init; }
    /// <summary><c>host:port</c>.</summary>
    public required string Temporal { get; init; }
    public required string TokenFile { get; init; }
    /// <summary>It stops by itself when its run is over: not fit to be attached to.</summary>
    public bool ForOneRun { get; init; }
    /// <summary>Processes of the services by name.</summary>
    public IReadOnlyDictionary<string, int> Services { get; init; } = new Dictionary<string, int>();

    /// <summary>Null when no environment says that it runs on this data folder.</summary>
    public static RunningEnvironment? Read(string dataFolder)
    {
        try
        {
            return JsonSerializer.Deserialize<RunningEnvironment>(File.ReadAllText(Path.Combine(dataFolder, FileName)), ContractsJson.Options);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Replaces the file in one step: a reader never sees half of it.</summary>
    public void Write(string dataFolder)
    {
        var temporary = Path.Combine(dataFolder, $"{FileName}.{ProcessId}.tmp");
        File.WriteAllText(temporary, JsonSerializer.Serialize(this, ContractsJson.Options));
        File.Move(temporary, Path.Combine(dataFolder, FileName), overwrite: true);
    }

    /// <summary>A client of this environment.</summary>
    public FlowForgeClient Connect() => FlowForgeClient.Connect(Runtime, File.ReadAllText(TokenFile).Trim());
}
