namespace FlowForge.Plugins.Formats.Avro;

/// <summary>What the Avro reader is told.</summary>
public sealed record AvroSpec
{
    [Setting("Bytes that one block of a file may have, unpacked: a guard against files made to fill the memory", Minimum = 1 << 16, Maximum = 1 << 30)]
    public int MaxBlockBytes { get; init; } = 256 << 20;
}
