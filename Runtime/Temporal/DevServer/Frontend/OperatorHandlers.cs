using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.Protocol.Server;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.OperatorService.V1;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>The operator's service: search attributes, deleting namespaces, the one cluster there is.</summary>
internal sealed class OperatorHandlers(ServerState server)
{
    public Task<AddSearchAttributesResponse> AddSearchAttributes(AddSearchAttributesRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        if (request.SearchAttributes.Count == 0)
        {
            throw Requests.Invalid("Search attributes are not set on request.");
        }
        return server.Executor.Run(() =>
        {
            foreach (var (name, type) in request.SearchAttributes)
            {
                if (SystemAttributes.Types.ContainsKey(name))
                {
                    throw Requests.Invalid($"Search attribute {name} is reserved by system.");
                }
                if (type == IndexedValueType.Unspecified)
                {
                    throw Requests.Invalid($"Search attribute {name} has no type.");
                }
                if (ns.Record.SearchAttributes.TryGetValue(name, out var known))
                {
                    throw known == (int)type
                        ? new GrpcException(GrpcCode.AlreadyExists, $"Search attribute {name} already exists.")
                        : Requests.Invalid($"Search attribute {name} already exists and has different type {(IndexedValueType)known}.");
                }
            }
            foreach (var (name, type) in request.SearchAttributes)
            {
                ns.Record.SearchAttributes[name] = (int)type;
            }
            server.Executor.Touch(ns);
            return new AddSearchAttributesResponse();
        });
    }

    public Task<RemoveSearchAttributesResponse> RemoveSearchAttributes(RemoveSearchAttributesRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            foreach (var name in request.SearchAttributes)
            {
                if (SystemAttributes.Types.ContainsKey(name))
                {
                    throw Requests.Invalid($"Unable to remove non-custom search attributes: {name}");
                }
                if (!ns.Record.SearchAttributes.ContainsKey(name))
                {
                    throw new GrpcException(GrpcCode.NotFound, $"Search attribute {name} doesn't exist.");
                }
            }
            foreach (var name in request.SearchAttributes)
            {
                ns.Record.SearchAttributes.Remove(name);
            }
            server.Executor.Touch(ns);
            return new RemoveSearchAttributesResponse();
        });
    }

    public Task<ListSearchAttributesResponse> ListSearchAttributes(ListSearchAttributesRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            var response = new ListSearchAttributesResponse();
            foreach (var (name, type) in SystemAttributes.Types)
            {
                response.SystemAttributes[name] = type;
            }
            foreach (var (name, type) in ns.Record.SearchAttributes)
            {
                response.CustomAttributes[name] = (IndexedValueType)type;
            }
            return response;
        });
    }

    public Task<DeleteNamespaceResponse> DeleteNamespace(DeleteNamespaceRequest request, GrpcCall call) => server.Executor.Run(() =>
    {
        var ns = request.NamespaceId.Length > 0
            ? server.Namespaces.ById(request.NamespaceId) ?? throw new GrpcException(GrpcCode.NotFound, $"Namespace {request.NamespaceId} is not found.", new NamespaceNotFoundFailure { Namespace = request.NamespaceId })
            : server.Namespaces.Require(request.Namespace);
        foreach (var execution in server.Executions.AllOf(ns.Id))
        {
            ControlHandlers.Delete(server, execution);
        }
        server.Schedules.DeleteAll(ns.Id);
        server.Executor.Defer(() => server.Namespaces.Remove(ns));
        return new DeleteNamespaceResponse { DeletedNamespace = $"{ns.Name}-deleted-{ns.Id[..5]}" };
    });

    public Task<ListClustersResponse> ListClusters(ListClustersRequest request, GrpcCall call) => Task.FromResult(new ListClustersResponse
    {
        Clusters = { new ClusterMetadata { ClusterName = "active", ClusterId = "flowforge-embedded", HistoryShardCount = 1, IsConnectionEnabled = true } },
    });

    public Task<ListNexusEndpointsResponse> ListNexusEndpoints(ListNexusEndpointsRequest request, GrpcCall call) => Task.FromResult(new ListNexusEndpointsResponse());
}
