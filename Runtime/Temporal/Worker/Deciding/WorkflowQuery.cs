using Temporalio.Api.Common.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>One question about a run's state. Answer it from the history; asking must not change anything.</summary>
public sealed class WorkflowQuery(string id, string name, Payloads? arguments, PayloadConverter converter)
{
    /// <summary>Unique within the task.</summary>
    public string Id { get; } = id;

    public string Name { get; } = name;

    /// <summary>Argument number <paramref name="index"/>, or the default when there are fewer.</summary>
    public T? Input<T>(int index = 0) => converter.FromPayloads<T>(arguments, index);
}
