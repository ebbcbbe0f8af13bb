using FlowForge.Lake.Files;

namespace FlowForge.Lake.Maintenance;

/// <summary>A held version and, of a lake in a bucket, the copies that are read of it.</summary>
internal sealed class SnapshotHold(VersionLease lease, CopyHold? copies) : IDisposable
{
    /// <summary>Lets go of the copies that were read so far; the version stays held.</summary>
    public void ReleaseCopies() => copies?.Clear();

    public void Dispose()
    {
        copies?.Dispose();
        lease.Dispose();
    }
}
