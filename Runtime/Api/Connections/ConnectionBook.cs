using FlowForge.Api.Hosting;
using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Api.Connections;

/// <summary>A connection and where it comes from.</summary>
/// <param name="File">Absolute path of the file that describes it; null when it was made in the workbench.</param>
/// <param name="Problem">Why it cannot be used as written.</param>
internal sealed record KnownConnection(ConnectionDefinition Definition, string? File, DateTimeOffset UpdatedAt, string? Problem = null);

/// <summary>
/// All connections under one namespace: those made in the workbench, which the catalog keeps, and those of the files under <c>connections/</c>
/// of the workspace. A file counts before the catalog. Files are read again when they change. Thread-safe.
/// </summary>
internal sealed class ConnectionBook(ConnectionStore store, RuntimeSettings settings)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (long Length, DateTime Modified, ConnectionParseResult Result)> files = new(StringComparer.Ordinal);

    /// <summary>By name.</summary>
    public IReadOnlyList<KnownConnection> All()
    {
        var all = new SortedDictionary<string, KnownConnection>(StringComparer.Ordinal);
        foreach (var (file, modified, parsed) in Files())
            foreach (var connection in parsed.Connections)
                all[connection.Name] = all.TryGetValue(connection.Name, out var other)
                    ? other with { Problem = $"{Relative(file)} describes a connection of this name too. Rename or remove one of them." }
                    : new KnownConnection(connection, file, modified, ProblemOf(parsed, connection.Name));
        foreach (var record in store.List())
            all[record.Definition.Name] = all.TryGetValue(record.Definition.Name, out var written)
                ? written with { Problem = written.Problem ?? "A connection of this name was made in the workbench too; the file counts. Remove the file's, or delete the other one." }
                : new KnownConnection(record.Definition, null, record.UpdatedAt);
        return [.. all.Values];
    }

    public KnownConnection? Find(string name) => All().FirstOrDefault(c => c.Definition.Name == name);

    public ConnectionDefinition? Definition(string name) => Find(name)?.Definition;

    /// <summary>Connector, without the version that it may be pinned to, by name of connection.</summary>
    public IReadOnlyDictionary<string, string> Connectors() => All().ToDictionary(c => c.Definition.Name, c => c.Definition.Connector.Split('@')[0], StringComparer.Ordinal);

    /// <summary>Files that hold no connection that can be read, with what is wrong.</summary>
    public IReadOnlyList<(string File, string Problem)> BrokenFiles() =>
        [.. Files().Where(f => f.Result.Connections.Count == 0 && f.Result.Diagnostics.Count > 0).Select(f => (Relative(f.File), f.Result.Diagnostics[0].ToString()))];

    public string Relative(string file) => Path.GetRelativePath(settings.Workspace, file);

    private static string? ProblemOf(ConnectionParseResult parsed, string name) =>
        parsed.Diagnostics.FirstOrDefault(d => d.Path == $"connections.{name}" || d.Path.StartsWith($"connections.{name}.", StringComparison.Ordinal))?.ToString();

    private List<(string File, DateTimeOffset Modified, ConnectionParseResult Result)> Files()
    {
        var folder = new DirectoryInfo(settings.ConnectionFolder);
        if (!folder.Exists) return [];
        lock (gate)
        {
            var present = folder.EnumerateFiles("*.*").Where(f => f.Extension is ".yaml" or ".yml" or ".json").OrderBy(f => f.Name, StringComparer.Ordinal).ToList();
            foreach (var gone in files.Keys.Except(present.Select(f => f.FullName)).ToList()) files.Remove(gone);
            return [.. present.Select(f => (f.FullName, new DateTimeOffset(f.LastWriteTimeUtc), Read(f)))];
        }
    }

    private ConnectionParseResult Read(FileInfo file)
    {
        if (files.TryGetValue(file.FullName, out var known) && known.Length == file.Length && known.Modified == file.LastWriteTimeUtc) return known.Result;
        ConnectionParseResult result;
        try
        {
            result = ConnectionParser.Parse(file.Length > 1 << 20 ? throw new IOException("it is larger than 1 MB.") : File.ReadAllText(file.FullName));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            result = new ConnectionParseResult([], [new Diagnostic(DiagnosticSeverity.Error, "FF5010", $"The file cannot be read: {e.Message}", "", null, null, null)]);
        }
        files[file.FullName] = (file.Length, file.LastWriteTimeUtc, result);
        return result;
    }
}
