namespace FlowForge.Plugins.Files;

/// <summary>What the file connector is told.</summary>
public sealed record FileSpec
{
    [Setting("Files to read: paths or patterns, relative to the pipeline's folder. * and ? match inside a name, ** any folders, {a,b} alternatives, [a-z] characters; a folder means the files in it; upload:NAME is a file of the upload area", Example = "data/orders-*.csv", Minimum = 1)]
    public required IReadOnlyList<string> Path { get; init; }

    [Setting("Files to leave out, as patterns against the name or the whole path")]
    public IReadOnlyList<string> Exclude { get; init; } = [];

    [Setting("Whether no matching file is an error instead of nothing to do")]
    public bool MustExist { get; init; }
}
