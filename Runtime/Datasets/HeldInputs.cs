using FlowForge.Lake;

namespace FlowForge.Datasets;

/// <summary>Keeps the files of the input versions from vacuum while a job reads them.</summary>
internal sealed class HeldInputs(LakeStore lake, IReadOnlyList<DatasetInput> inputs) : IDisposable
{
    private readonly List<IDisposable> holds = [.. inputs.Select(i => lake.Table(i.Name).Hold(i.Snapshot))];

    public void Dispose()
    {
        foreach (var hold in holds) hold.Dispose();
    }
}
