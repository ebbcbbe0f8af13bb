using System.Runtime.CompilerServices;
using FlowForge.Plugins.Files;

namespace FlowForge.Plugins.AzureBlob;

/// <summary>Hands over the blobs of a container of Azure's storage.</summary>
[Connector("azure_blob", Title = "Azure Blob", Description = "Reads files of a container of Azure Blob Storage.")]
public sealed class AzureBlobConnector(ConnectorContext<AzureBlobSpec> context) : IFileSource, IAfterCommit, ITestConnection, IDiscover, IReportHealth, IDisposable
{
    private readonly AzureBlobSpec _spec = context.Settings;
    private BlobService? _service;

    private BlobService Service => _service ??= new BlobService(_spec, context.Pace);

    public async IAsyncEnumerable<SourceFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_spec.AfterLoad == AfterLoad.Move && string.IsNullOrEmpty(_spec.MoveTo)) throw new TerminalException("after_load is move, and move_to is not given.", "Say where loaded blobs go, e.g. move_to: done/");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pattern in _spec.Path)
            await foreach (var blob in Service.ListAsync(Prefix(pattern), _spec.ListPage, cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Matches(pattern, blob.Name) && !_spec.Exclude.Any(x => Matches(x, blob.Name)) && !IsMoved(blob.Name) && seen.Add(blob.Name)) yield return File(blob);
            }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (pattern, matching, looked) = (_spec.Path.Count > 0 ? _spec.Path[0] : "**", 0, 0);
            await foreach (var blob in Service.ListAsync(Prefix(pattern), 1000, cancellationToken).ConfigureAwait(false))
            {
                if (Matches(pattern, blob.Name)) matching++;
                if (++looked == 1000) break;
            }
            return $"Container {_spec.Container} answers, {(looked == 1000 ? "at least " : "")}{matching} blobs match {pattern}";
        }
        catch (TransientException e)
        {
            throw new TerminalException(e.Message, "Check account and endpoint, and whether the service runs.", e);
        }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in ListAsync(cancellationToken).ConfigureAwait(false)) yield return new DiscoveredTable(file.Path) { Bytes = file.Size };
    }

    public async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken)
    {
        var facts = new List<HealthFact>();
        if (Service.SignatureEnds is { } ends) facts.Add(new HealthFact("shared access signature ends in", Math.Round((ends - DateTimeOffset.UtcNow).TotalDays, 1), "days"));
        if (await Certificates.FactAsync(Service.Endpoint, cancellationToken).ConfigureAwait(false) is { } certificate) facts.Add(certificate);
        return facts;
    }

    /// <summary>Deletes or moves what was loaded. What is gone already was done by an earlier try.</summary>
    public async Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken)
    {
        if (_spec.AfterLoad == AfterLoad.Keep) return;
        foreach (var name in filePaths)
        {
            var wasThere = _spec.AfterLoad == AfterLoad.Delete || await Service.CopyAsync(name, _spec.MoveTo + name, cancellationToken).ConfigureAwait(false);
            if (!wasThere || !await Service.DeleteAsync(name, cancellationToken).ConfigureAwait(false)) context.Log.Debug($"{name} is gone already.");
        }
    }

    private SourceFile File(Blob blob) => new()
    {
        Path = blob.Name, Size = blob.Size, Modified = blob.Modified, ETag = blob.ETag.Trim('"'),
        OpenAsync = cancellationToken => RangedStream.OpenAsync(blob.Name, (first, last, ct) => Service.ReadAsync(blob, first, last, ct), blob.Size, _spec.Parallel, _spec.Timeout, cancellationToken),
    };

    private bool IsMoved(string name) => _spec.AfterLoad == AfterLoad.Move && name.StartsWith(_spec.MoveTo!, StringComparison.Ordinal);

    // With the slash a pattern is of the whole name, never of its last part alone.
    private static bool Matches(string pattern, string name) => pattern.TrimStart('/') == name || (Glob.IsPattern(pattern) && Glob.MatchesPathOrName("/" + pattern.TrimStart('/'), name));

    /// <summary>What all matching names begin with: the service lists no more than these.</summary>
    private static string Prefix(string pattern)
    {
        var magic = pattern.AsSpan().IndexOfAny("*?[{");
        return (magic < 0 ? pattern : pattern[..magic]).TrimStart('/');
    }

    public void Dispose() => _service?.Dispose();
}
