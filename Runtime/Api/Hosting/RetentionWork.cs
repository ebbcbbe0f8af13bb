using System.Globalization;
using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Orchestration.Notebooks;

namespace FlowForge.Api.Hosting;

/// <summary>Removes old runs and logs, and knows when it did so last and does so next. What it did is kept in the catalog, so that a restart does not forget it. Thread-safe.</summary>
internal sealed class RetentionWork(CatalogDatabase catalog, ExecutedNotebooks copies, RetentionOptions options, TimeProvider clock) : IDisposable
{
    private const string Last = "retention.last";
    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <summary>The first minutes of a runtime belong to who waits for it.</summary>
    private static readonly TimeSpan AfterStart = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim one = new(1, 1);
    private readonly DateTimeOffset started = clock.GetUtcNow();

    public RetentionStatus Status
    {
        get
        {
            var last = catalog.Settings.Get(Last) is { } text ? JsonSerializer.Deserialize<RetentionSweep>(text, ContractsJson.Options) : null;
            return new RetentionStatus { RunDays = Days(options.Runs), LogDays = Days(options.Logs), RunsPerPipeline = options.KeepRunsPerPipeline, NextSweepAt = Next(last), LastSweep = last };
        }
    }

    /// <summary>Sweeps now; one at a time.</summary>
    /// <param name="by">For the audit.</param>
    /// <exception cref="CatalogException">The catalog cannot be written; noted as the last result where that is possible.</exception>
    public async Task<RetentionSweep> SweepAsync(string by, CancellationToken ct)
    {
        await one.WaitAsync(ct);
        try
        {
            return await Task.Run(() => Sweep(by, ct), ct);
        }
        finally
        {
            one.Release();
        }
    }

    private RetentionSweep Sweep(string by, CancellationToken ct)
    {
        var (now, begun) = (clock.GetUtcNow(), clock.GetTimestamp());
        // A copy that stays is found by its run.
        var gone = catalog.Prune(options, now, copies.All().Select(c => c.Run).Distinct(StringComparer.Ordinal), ct);
        var sweep = new RetentionSweep(now, Math.Round(clock.GetElapsedTime(begun).TotalSeconds, 3), gone.Runs, gone.LogLines);
        catalog.Settings.Set(Last, JsonSerializer.Serialize(sweep, ContractsJson.Options));
        if (gone != default)
            catalog.Audit.Add(by, "remove old runs", "runs", string.Create(CultureInfo.InvariantCulture,
                $"{gone.Runs} {(gone.Runs == 1 ? "run" : "runs")} that ended more than {Words(options.Runs)} ago, and {gone.LogLines} log {(gone.LogLines == 1 ? "line" : "lines")}, of those runs and of runs that ended more than {Words(options.Logs)} ago"), now);
        return sweep;
    }

    private DateTimeOffset? Next(RetentionSweep? last)
    {
        if (options is { Runs: null, Logs: null }) return null;
        var (due, earliest) = (last?.At + Interval ?? DateTimeOffset.MinValue, started + AfterStart);
        return due > earliest ? due : earliest;
    }

    private static int? Days(TimeSpan? age) => (int?)age?.TotalDays;

    private static string Words(TimeSpan? age) => Days(age) is { } days ? string.Create(CultureInfo.InvariantCulture, $"{days} {(days == 1 ? "day" : "days")}") : "ever";

    public void Dispose() => one.Dispose();
}
