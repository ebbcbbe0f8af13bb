using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.PluginHost.Rows;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Sources;

/// <summary>Reads a source of rows or of pages and lands what it hands over, going on where an earlier attempt of the run stopped.</summary>
/// <param name="connector">Hands over rows or pages.</param>
/// <param name="source">How it is called in <c>_ff_file</c> and in messages: connector and table.</param>
/// <param name="form">The form in which the table takes the rows as they are; null when something is to be done with them first.</param>
internal sealed class RowExtraction(IConnector connector, string source, LandingZone landing, TableForm? form, ReadingProgress progress, IJobLog log)
{
    /// <summary>Whether the connector hands over rows or pages.</summary>
    public static bool Reads(IConnector connector) => connector is IPageSource || RowSource.Gives(connector);

    /// <summary>Where a read begins, as a text to compare.</summary>
    private static string StartOf(ReadRequest request) => System.Text.Json.JsonSerializer.Serialize(new { request.Table, request.Cursor, request.From?.Column, request.From?.Value, request.From?.IncludeNulls });

    /// <summary>Blocks until the source has been read to its end.</summary>
    /// <param name="session">Writes the Parquet files.</param>
    /// <param name="request">What to read. Its cursor is where the last run stopped.</param>
    /// <param name="ct">Ends the read; whole parts stay for the next attempt.</param>
    public Extraction Run(DuckSession session, ReadRequest request, CancellationToken ct)
    {
        var manifest = RowManifest.Open(landing.RowManifestPath);
        var resumable = connector is IResume;
        progress.Start("landing", null);
        // The watermark was set, the table restored, or another run has committed since: what lies there is not what comes next.
        var start = StartOf(request);
        if (manifest.Start is { } before && before != start)
        {
            log.Info($"{manifest.Rows} rows of {source} were landed from another start than where the table stands now: the source is read anew.");
            manifest.Clear();
        }
        manifest.Begin(start);
        if (manifest.IsComplete) log.Info($"{manifest.Rows} rows of {source} were landed by an earlier attempt.");
        else
        {
            if (manifest.Parts.Count > 0 && resumable) manifest.CutToResume();
            else if (manifest.Parts.Count > 0) manifest.Clear();
            if (manifest.Cursor is { } cursor)
            {
                log.Info($"{manifest.Rows} rows of {source} were landed by an earlier attempt; the read goes on behind them.");
                request = request with { Cursor = cursor };
            }
            progress.Rows(manifest.Rows);
            if (connector is IPageSource pages) new PageLanding(pages, landing, manifest, source, resumable, progress).LandAsync(request, ct).GetAwaiter().GetResult();
            else
            {
                using var handover = new Handover(source, cancelled => RowSource.OpenAsync(connector, request, cancelled), progress.Show, log, ct);
                new RowLanding(session, landing, manifest, source, resumable, form, new FinerInstants(log.Warning), progress).Land(handover, ct);
            }
            log.Info($"{manifest.Rows} rows of {source} landed.");
        }
        return new Extraction
        {
            Files = [.. manifest.Parts.Select(p => new LandedFile(p.Name, p.Bytes, null, null, "", p.LocalPath))],
            Parts = manifest.Parts,
            Format = connector is IPageSource ? "ndjson" : null,
            Cursor = connector is IStream ? manifest.Reached ?? request.Cursor : null,
            IsRows = true,
        };
    }
}
