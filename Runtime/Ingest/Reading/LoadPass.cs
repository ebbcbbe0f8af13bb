using FlowForge.Ingest.Children;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake;

namespace FlowForge.Ingest.Reading;

/// <summary>
/// What the present pass over the source has made: staged files, rejects, records of child tables. A pass that taught too late what the columns are is taken back whole, and the
/// next one begins with nothing. Nothing of it is visible to others. One thread at a time.
/// </summary>
/// <param name="table">Gets the rows.</param>
/// <param name="temporary">Folder of the spools.</param>
/// <param name="checkBase">Asked about the version that each pass stands on; throws when it is not the one to stand on.</param>
internal sealed class LoadPass(LakeTable table, string temporary, Action<TableSnapshot?>? checkBase) : IDisposable
{
    /// <summary>Holds the staged files; the caller of the load commits it.</summary>
    public TableTransaction Transaction { get; private set; } = table.Begin();

    public RejectSpool Rejects { get; private set; } = new(temporary);

    /// <summary>Records of child tables.</summary>
    public ChildSpools Children { get; private set; } = new(temporary);

    /// <summary>The table as it is for this pass; null when it is not there.</summary>
    public TableSnapshot? Base => Transaction.Base;

    public void Reject(Reject reject) => Rejects.Add(reject);

    /// <summary>Begins. Call it once, before anything is read.</summary>
    public void Begin() => checkBase?.Invoke(Base);

    /// <summary>What was staged, rejected and spooled is not to be used.</summary>
    public void StartOver()
    {
        Transaction.Dispose();
        Transaction = table.Begin();
        Begin();
        Rejects.Dispose();
        Rejects = new RejectSpool(temporary);
        Children.Dispose();
        Children = new ChildSpools(temporary);
    }

    public void Dispose()
    {
        Transaction.Dispose();
        Rejects.Dispose();
        Children.Dispose();
    }
}
