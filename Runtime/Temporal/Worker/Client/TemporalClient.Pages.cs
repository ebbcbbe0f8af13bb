using Google.Protobuf;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>What user interfaces ask for: counts, and lists page by page. Tokens are the server's own; an empty one means first, and then last, page.</summary>
public sealed partial class TemporalClient
{
    /// <summary>How many runs match <paramref name="query"/>, by status. Statuses that none has are left out.</summary>
    /// <param name="query">Without ORDER BY; the server refuses it here.</param>
    public async Task<IReadOnlyDictionary<WorkflowExecutionStatus, long>> CountByStatusAsync(string query = "", CancellationToken cancellation = default)
    {
        var request = new CountWorkflowExecutionsRequest { Namespace = Namespace, Query = $"{query} GROUP BY ExecutionStatus".Trim() };
        var response = await CallAsync<CountWorkflowExecutionsResponse>(request, cancellation).ConfigureAwait(false);
        var counts = new Dictionary<WorkflowExecutionStatus, long>();
        foreach (var group in response.Groups)
        {
            // Search attributes are never encoded by a codec.
            var word = group.GroupValues.Count > 0 ? PayloadConverter.Default.FromPayload<string>(group.GroupValues[0]) : null;
            if (Enum.TryParse<WorkflowExecutionStatus>(word, out var status))
            {
                counts[status] = group.Count;
            }
        }
        return counts;
    }

    /// <summary>Namespaces of the server by name, at most a thousand.</summary>
    public async Task<IReadOnlyList<string>> ListNamespacesAsync(CancellationToken cancellation = default)
    {
        const int Most = 1000;
        var names = new List<string>();
        var request = new ListNamespacesRequest { PageSize = 200 };
        do
        {
            var page = await CallAsync<ListNamespacesResponse>(request, cancellation).ConfigureAwait(false);
            names.AddRange(page.Namespaces.Where(n => n.NamespaceInfo.State != NamespaceState.Deleted).Select(n => n.NamespaceInfo.Name));
            request.NextPageToken = page.NextPageToken;
        }
        while (!request.NextPageToken.IsEmpty && names.Count < Most);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>One page of <see cref="ListSchedulesAsync"/>.</summary>
    public async Task<(IReadOnlyList<ScheduleSummary> Schedules, byte[] NextPageToken)> ListSchedulesPageAsync(
        string query, int pageSize, byte[]? pageToken = null, CancellationToken cancellation = default)
    {
        var page = await CallAsync<ListSchedulesResponse>(
            new ListSchedulesRequest { Namespace = Namespace, Query = query, MaximumPageSize = pageSize, NextPageToken = ByteString.CopyFrom(pageToken ?? []) }, cancellation).ConfigureAwait(false);
        return ([.. page.Schedules.Select(s => new ScheduleSummary(s))], page.NextPageToken.ToByteArray());
    }
}
