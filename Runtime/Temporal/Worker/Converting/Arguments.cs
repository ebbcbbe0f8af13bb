namespace FlowForge.Temporal.Worker;

/// <summary>Several arguments of one call, for workflows and activities of other languages that take more than one.</summary>
public sealed class Arguments
{
    private Arguments(IReadOnlyList<object?> values) => Values = values;

    public IReadOnlyList<object?> Values { get; }

    public static Arguments Of(params object?[] values) => new([.. values]);
}
