using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>One attempt to build a dataset: what every step needs.</summary>
internal sealed record DatasetJob(
    DatasetDefinition Dataset, JobRequest Request, LakeStore Lake, CatalogDatabase Catalog, DatasetOptions Options, IJobLog Log, CancellationToken Cancel)
{
    public LakeTable Table { get; } = Lake.Table(TableName.Parse(Dataset.Table));
}
