using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.Protocol.Server;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.Namespace.V1;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>Namespaces: register, describe, update, list.</summary>
internal sealed class NamespaceHandlers(ServerState server)
{
    public Task<RegisterNamespaceResponse> RegisterNamespace(RegisterNamespaceRequest request, GrpcCall call)
    {
        if (request.Namespace.Length == 0)
        {
            throw Requests.Invalid("Namespace not set on request.");
        }
        Requests.CheckLength(request.Namespace, "Namespace");
        if (Times.Span(request.WorkflowExecutionRetentionPeriod) is not { } retention || retention < TimeSpan.FromHours(1))
        {
            throw Requests.Invalid("A valid retention period is not set on request.");
        }
        return server.Executor.Run(() =>
        {
            if (server.Namespaces.ByName(request.Namespace) is not null)
            {
                throw new GrpcException(GrpcCode.AlreadyExists, "Namespace already exists.", new NamespaceAlreadyExistsFailure());
            }
            server.Namespaces.Add(new NamespaceRecord
            {
                Id = Guid.NewGuid().ToString(),
                Name = request.Namespace,
                Description = request.Description,
                OwnerEmail = request.OwnerEmail,
                Data = { request.Data },
                Retention = request.WorkflowExecutionRetentionPeriod,
                State = (int)NamespaceState.Registered,
            });
            return new RegisterNamespaceResponse();
        });
    }

    public Task<DescribeNamespaceResponse> DescribeNamespace(DescribeNamespaceRequest request, GrpcCall call)
    {
        var entry = request.Id.Length > 0
            ? server.Namespaces.ById(request.Id) ?? throw new GrpcException(GrpcCode.NotFound, $"Namespace {request.Id} is not found.", new NamespaceNotFoundFailure { Namespace = request.Id })
            : server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() => Describe(entry));
    }

    public Task<ListNamespacesResponse> ListNamespaces(ListNamespacesRequest request, GrpcCall call)
    {
        var size = request.PageSize > 0 ? request.PageSize : 100;
        var after = request.NextPageToken.ToStringUtf8();
        return server.Executor.Run(() =>
        {
            var page = server.Namespaces.All.Where(n => string.CompareOrdinal(n.Name, after) > 0).OrderBy(n => n.Name, StringComparer.Ordinal).Take(size + 1).ToArray();
            var response = new ListNamespacesResponse();
            response.Namespaces.AddRange(page.Take(size).Select(Describe));
            if (page.Length > size)
            {
                response.NextPageToken = ByteString.CopyFromUtf8(page[size - 1].Name);
            }
            return response;
        });
    }

    public Task<UpdateNamespaceResponse> UpdateNamespace(UpdateNamespaceRequest request, GrpcCall call)
    {
        var entry = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            var record = entry.Record;
            if (request.UpdateInfo is { } change)
            {
                record.Description = change.Description.Length > 0 ? change.Description : record.Description;
                record.OwnerEmail = change.OwnerEmail.Length > 0 ? change.OwnerEmail : record.OwnerEmail;
                foreach (var (key, value) in change.Data)
                {
                    record.Data[key] = value;
                }
                if (change.State != NamespaceState.Unspecified)
                {
                    record.State = (int)change.State;
                }
            }
            if (Times.Span(request.Config?.WorkflowExecutionRetentionTtl) is { } retention)
            {
                record.Retention = Duration.FromTimeSpan(retention);
            }
            server.Executor.Touch(entry);
            var described = Describe(entry);
            return new UpdateNamespaceResponse { NamespaceInfo = described.NamespaceInfo, Config = described.Config, ReplicationConfig = described.ReplicationConfig };
        });
    }

    public Task<DeprecateNamespaceResponse> DeprecateNamespace(DeprecateNamespaceRequest request, GrpcCall call)
    {
        var entry = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            entry.Record.State = (int)NamespaceState.Deprecated;
            server.Executor.Touch(entry);
            return new DeprecateNamespaceResponse();
        });
    }

    private static DescribeNamespaceResponse Describe(NamespaceEntry entry) => new()
    {
        NamespaceInfo = new NamespaceInfo
        {
            Name = entry.Name,
            Id = entry.Id,
            Description = entry.Record.Description,
            OwnerEmail = entry.Record.OwnerEmail,
            State = (NamespaceState)entry.Record.State,
            Data = { entry.Record.Data },
            Capabilities = SystemHandlers.Capabilities,
            Limits = new() { BlobSizeLimitError = Limits.BlobBytes, MemoSizeLimitError = Limits.MemoBytes },
            SupportsSchedules = true,
        },
        Config = new NamespaceConfig
        {
            WorkflowExecutionRetentionTtl = Duration.FromTimeSpan(entry.Retention),
            BadBinaries = new(),
            HistoryArchivalState = ArchivalState.Disabled,
            VisibilityArchivalState = ArchivalState.Disabled,
        },
        ReplicationConfig = new() { ActiveClusterName = "active", Clusters = { new Temporalio.Api.Replication.V1.ClusterReplicationConfig { ClusterName = "active" } } },
    };
}
