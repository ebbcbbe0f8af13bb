namespace FlowForge.Plugins.Testing;

/// <summary>The whole suite of a source of files.</summary>
public sealed record FileSuite : ConnectorSuite
{
    /// <summary>At least two files, one of them empty and one whose name is not ASCII.</summary>
    public required Func<IFileSource> Some { get; init; }

    /// <summary>What these files hold, by their names.</summary>
    public required IReadOnlyDictionary<string, byte[]> SomeAre { get; init; }

    /// <summary>Settings that match no file where that is no failure.</summary>
    public required Func<IFileSource> None { get; init; }

    /// <summary>One file of <see cref="ManyBytes"/>.</summary>
    public required Func<IFileSource> Many { get; init; }

    /// <summary>Bytes of the large file: more than may be held in memory (<see cref="MostBytes"/>).</summary>
    public long ManyBytes { get; init; } = 96L << 20;

    /// <summary>By how much the heap may grow while it is read.</summary>
    public long MostBytes { get; init; } = 64L << 20;

    /// <inheritdoc/>
    public override (string Check, double Amount, string Unit) Large => ("a large file", ManyBytes / 1e6, "MB");

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, Func<CancellationToken, Task> Check)> Checks()
    {
        yield return ("list and read", ct => FileSourceAcceptance.CheckAsync(Some, ct));
        yield return ("content", CheckContentAsync);
        yield return ("no files", CheckNoneAsync);
        yield return ("a large file", ct => FileSourceAcceptance.CheckLargeAsync(Many, ManyBytes, MostBytes, ct));
        yield return ("cancel", ct => FileSourceAcceptance.CheckCancelAsync(Many, ManyBytes, ct));
        yield return ("leaks", ct => ConnectorAcceptance.CheckLeaksAsync(() => FileSourceAcceptance.ReadAllAsync(Some(), ct), LeakRounds));
    }

    private async Task CheckContentAsync(CancellationToken cancellationToken)
    {
        Require(SomeAre.Values.Any(c => c.Length == 0) && SomeAre.Keys.Any(n => n.Any(c => c is > (char)127 or '%')), "The files need one that is empty, and a name that is not ASCII.");
        var files = await FileSourceAcceptance.ReadAllAsync(Some(), cancellationToken).ConfigureAwait(false);
        Require(files.Keys.Order(StringComparer.Ordinal).SequenceEqual(SomeAre.Keys.Order(StringComparer.Ordinal)), $"The files are {string.Join(", ", files.Keys)}, and {string.Join(", ", SomeAre.Keys)} were expected.");
        foreach (var (name, content) in SomeAre) Require(files[name].AsSpan().SequenceEqual(content), $"{name} has {files[name].Length} bytes that are not the {content.Length} it was given.");
    }

    private async Task CheckNoneAsync(CancellationToken cancellationToken)
    {
        var files = await FileSourceAcceptance.ReadAllAsync(None(), cancellationToken).ConfigureAwait(false);
        Require(files.Count == 0, $"No file is there, and {string.Join(", ", files.Keys)} come.");
    }
}
