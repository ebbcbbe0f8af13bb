using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;

namespace FlowForge.Ingest;

/// <summary>Memory beyond a job's share, for tables of very many columns.</summary>
internal static class LeaseGrowth
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Asks for memory that nobody has, and waits a minute for it where it is not free. What can be had then has to do.</summary>
    /// <param name="table">For people.</param>
    /// <param name="bytes">What the table needs in all.</param>
    public static void GrowFor(this DuckLease lease, string table, long bytes, IJobLog log, CancellationToken ct)
    {
        var had = lease.Grow(bytes, TimeSpan.Zero, ct);
        if (had >= bytes) return;
        log.Info(string.Create(CultureInfo.InvariantCulture, $"The many columns of {table} need about {bytes >> 20} MiB of memory; {had >> 20} MiB are free for the job now."));
        lease.Grow(bytes, Patience, ct);
    }
}
