using System.Text.RegularExpressions;
using FlowForge.Contracts;
using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;

namespace FlowForge.Api.Workflows;

/// <summary>A caller's query with what the API adds to it. What a server finds wrong is always told of the caller's own text.</summary>
internal sealed partial record VisibilityFilter
{
    private string Written { get; init; } = "";

    private string Condition { get; init; } = "";

    private string Order { get; init; } = "";

    private WorkflowState? State { get; init; }

    public static VisibilityFilter Read(string? query, WorkflowState? state)
    {
        var text = query?.Trim() ?? "";
        var order = OrderBy().Match(text);
        return new VisibilityFilter { Written = text, Condition = order.Success ? text[..order.Index].Trim() : text, Order = order.Success ? order.Value.Trim() : "", State = state };
    }

    public VisibilityFilter WithoutOrder() => this with { Written = Condition, Order = "" };

    /// <summary>Asks with the whole filter.</summary>
    public async Task<T> AskAsync<T>(TemporalClient client, Func<string, Task<T>> ask, CancellationToken ct)
    {
        try
        {
            return await ask(Text());
        }
        catch (GrpcException e) when (e.Code == GrpcCode.InvalidArgument && Written.Length > 0)
        {
            // Places are counted in the caller's text, without what was put before or behind it.
            await client.ListPageAsync(Written, 1, null, ct);
            throw;
        }
    }

    private string Text()
    {
        var state = State is { } s ? $"ExecutionStatus = '{s}'" : "";
        var both = (state.Length, Condition.Length) switch
        {
            (0, _) => Condition,
            (_, 0) => state,
            _ => $"({Condition}) AND {state}"
        };
        return $"{both} {Order}".Trim();
    }

    [GeneratedRegex(@"(^|\s)order\s+by\s+[\w`,.\s]+$", RegexOptions.IgnoreCase)]
    private static partial Regex OrderBy();
}
