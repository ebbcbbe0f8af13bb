using System.Globalization;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Visibility;
using FlowForge.Temporal.Protocol.Server;
using Temporalio.Api.Filter.V1;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>Lists and counts of runs.</summary>
internal sealed class VisibilityHandlers(ServerState server)
{
    private const int MostPerPage = 1000;

    private readonly VisibilityStore _store = new(server.Database);

    public Task<ListWorkflowExecutionsResponse> ListWorkflowExecutions(ListWorkflowExecutionsRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var (page, next) = _store.List(ns, request.Query, Size(request.PageSize), request.NextPageToken);
        return Task.FromResult(new ListWorkflowExecutionsResponse { Executions = { page }, NextPageToken = next });
    }

    public Task<ScanWorkflowExecutionsResponse> ScanWorkflowExecutions(ScanWorkflowExecutionsRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var (page, next) = _store.List(ns, request.Query, Size(request.PageSize), request.NextPageToken);
        return Task.FromResult(new ScanWorkflowExecutionsResponse { Executions = { page }, NextPageToken = next });
    }

    public Task<CountWorkflowExecutionsResponse> CountWorkflowExecutions(CountWorkflowExecutionsRequest request, GrpcCall call) =>
        Task.FromResult(_store.Count(server.Namespaces.Require(request.Namespace), request.Query));

    public Task<ListOpenWorkflowExecutionsResponse> ListOpenWorkflowExecutions(ListOpenWorkflowExecutionsRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var query = Filter("ExecutionStatus = 'Running'", "StartTime", request.StartTimeFilter, request.ExecutionFilter, request.TypeFilter);
        var (page, next) = _store.List(ns, query, Size(request.MaximumPageSize), request.NextPageToken);
        return Task.FromResult(new ListOpenWorkflowExecutionsResponse { Executions = { page }, NextPageToken = next });
    }

    public Task<ListClosedWorkflowExecutionsResponse> ListClosedWorkflowExecutions(ListClosedWorkflowExecutionsRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var status = request.StatusFilter is { Status: not WorkflowExecutionStatus.Unspecified } wanted ? $"ExecutionStatus = '{wanted.Status}'" : "CloseTime IS NOT NULL";
        var query = Filter(status, "CloseTime", request.StartTimeFilter, request.ExecutionFilter, request.TypeFilter);
        var (page, next) = _store.List(ns, query, Size(request.MaximumPageSize), request.NextPageToken);
        return Task.FromResult(new ListClosedWorkflowExecutionsResponse { Executions = { page }, NextPageToken = next });
    }

    public Task<ListArchivedWorkflowExecutionsResponse> ListArchivedWorkflowExecutions(ListArchivedWorkflowExecutionsRequest request, GrpcCall call)
    {
        server.Namespaces.Require(request.Namespace);
        throw Requests.Invalid("Cluster is not configured for reading archived visibility records.");
    }

    public Task<GetSearchAttributesResponse> GetSearchAttributes(GetSearchAttributesRequest request, GrpcCall call)
    {
        var response = new GetSearchAttributesResponse();
        foreach (var (name, type) in SystemAttributes.Types)
        {
            response.Keys[name] = type;
        }
        foreach (var (name, type) in server.Namespaces.All.SelectMany(n => n.Record.SearchAttributes))
        {
            response.Keys[name] = (IndexedValueType)type;
        }
        return Task.FromResult(response);
    }

    private static int Size(int wanted) => wanted <= 0 ? 100 : Math.Min(wanted, MostPerPage);

    private static string Filter(string status, string timeField, StartTimeFilter? time, WorkflowExecutionFilter? execution, WorkflowTypeFilter? type)
    {
        static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
        var parts = new List<string> { status };
        if (time?.EarliestTime is { } earliest)
        {
            parts.Add($"{timeField} >= '{earliest.ToDateTime().ToString("O", CultureInfo.InvariantCulture)}'");
        }
        if (time?.LatestTime is { } latest)
        {
            parts.Add($"{timeField} <= '{latest.ToDateTime().ToString("O", CultureInfo.InvariantCulture)}'");
        }
        if (execution is { WorkflowId.Length: > 0 })
        {
            parts.Add($"WorkflowId = {Quote(execution.WorkflowId)}");
        }
        if (execution is { RunId.Length: > 0 })
        {
            parts.Add($"RunId = {Quote(execution.RunId)}");
        }
        if (type is { Name.Length: > 0 })
        {
            parts.Add($"WorkflowType = {Quote(type.Name)}");
        }
        return string.Join(" AND ", parts);
    }
}
