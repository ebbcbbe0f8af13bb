using System.Diagnostics;
using FlowForge.Api.Endpoints;
using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Datasets;

namespace FlowForge.Api.Tables;

/// <summary>
/// Queries of people over the whole lake, within one budget: a few at once, each with a share of one job's memory, a time, and a largest answer. One whose caller leaves stops. Thread-safe.
/// </summary>
internal sealed class SqlQueries(LakeQuery query, RuntimeSettings settings, TimeProvider clock) : IDisposable
{
    public const int AtOnce = 2;

    private const int MostRows = 10_000;

    /// <summary>Short queries follow each other; who waits longer is better told.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim slots = new(AtOnce, AtOnce);

    /// <summary>All queries together use what one job may.</summary>
    public static DatasetOptions Share(DatasetOptions job) => job with { MemoryLimitBytes = Math.Max(128L << 20, job.MemoryLimitBytes / AtOnce) };

    public async Task<SqlResult> RunAsync(SqlQuery body, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(body.Sql)) throw ProblemException.Bad("FF4081", "There is no SQL.", "Send {\"sql\": \"SELECT …\"}.");
        var most = Paging.Limit(body.Limit, 1000, MostRows);
        if (!await slots.WaitAsync(Patience, ct))
        {
            throw new ProblemException(StatusCodes.Status429TooManyRequests, "FF4090", "Too many queries", $"{AtOnce} queries are at work, as many as may be at once.",
                "Try again when one has ended; filter or aggregate more to make them short.");
        }
        try
        {
            return await InTimeAsync(body.Sql, most, ct);
        }
        finally
        {
            slots.Release();
        }
    }

    public void Dispose() => slots.Dispose();

    private async Task<SqlResult> InTimeAsync(string sql, int most, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(settings.ReadTimeout);
        var start = Stopwatch.GetTimestamp();
        try
        {
            var found = await query.RunAsync(sql, most, clock.GetUtcNow(), limit.Token);
            return new SqlResult([.. found.Columns.Select(c => new TableColumn(c.Name, c.Type, true, null))], JsonRows.Write(found.Rows), found.IsCut,
                Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1), found.IsCutBySize ? LakeQuery.MostBytes : null) { Files = found.Files, FilesRead = found.FilesRead };
        }
        catch (JobFailedException e)
        {
            throw ProblemException.Bad(e.Code, e.Message, e.Suggestion);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The query took longer than {settings.ReadTimeout.TotalSeconds:0} s.");
        }
    }
}
