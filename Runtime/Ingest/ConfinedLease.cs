using FlowForge.Duck;
using FlowForge.Ingest.Landing;
using FlowForge.Lake;

namespace FlowForge.Ingest;

/// <summary>Engines of ingest jobs run the SQL of their checks: they reach what the job works with, and nothing else of the machine.</summary>
internal static class ConfinedLease
{
    /// <summary>Confines the engine, before any text of the job runs in it.</summary>
    /// <param name="lease">Disposed when it cannot be confined.</param>
    /// <param name="lake">All of its tables and landed files may be read, as from a dataset.</param>
    /// <param name="options">Names the folder of the run's short-lived files.</param>
    /// <param name="files">What is read; one that is read where it lies is the only file of its folder that may be.</param>
    public static DuckLease Confined(this DuckLease lease, LakeStore lake, IngestOptions options, IReadOnlyList<LandedFile> files)
    {
        try
        {
            using var session = lease.Database.Connect();
            session.Confine([lake.Root, Path.GetFullPath(options.TemporaryFolder)], files.Select(f => f.LocalPath).Where(p => !p.StartsWith(lake.Root + Path.DirectorySeparatorChar, StringComparison.Ordinal)));
            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }
}
