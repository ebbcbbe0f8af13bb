using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost.Functions;

namespace FlowForge.Datasets;

/// <summary>One attempt to build a dataset: what every step needs.</summary>
internal sealed record DatasetJob(
    DatasetDefinition Dataset, JobRequest Request, LakeStore Lake, CatalogDatabase Catalog, DatasetOptions Options, IJobLog Log, CancellationToken Cancel)
{
    /// <summary>What its SQL may call of plugins.</summary>
    public IReadOnlyList<SqlFunctionDescriptor> Functions { get; init; } = [];

    public LakeTable Table { get; } = Lake.Table(TableName.Parse(Dataset.Table));
}
