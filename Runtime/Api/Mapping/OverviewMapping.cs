using FlowForge.Contracts;

namespace FlowForge.Api.Mapping;

/// <summary>The catalog's figures as the API shows them.</summary>
internal static class OverviewMapping
{
    public static OverviewFigures ToFigures(Catalog.OverviewFigures f) => new()
    {
        Runs = (int)f.Runs, Succeeded = (int)f.Succeeded, Failed = (int)f.Failed, Cancelled = (int)f.Cancelled, SuccessRate = f.SuccessRate,
        RowsLoaded = f.RowsLoaded, RowsRejected = f.RowsRejected, Bytes = f.Bytes, P95Seconds = f.P95Seconds
    };

    public static OverviewBucket ToBucket(Catalog.OverviewBucket b) =>
        new(b.From, (int)(b.Succeeded + b.Failed + b.Cancelled + b.Open), (int)b.Succeeded, (int)b.Failed, b.RowsLoaded, b.P95Seconds);
}
