using FlowForge.Ingest.Formats.Json;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Formats;

/// <summary>What a job may say about the files of every format.</summary>
internal sealed record FileSettings
{
    [Setting("Character encoding: utf-8, utf-16, utf-16le, utf-16be, latin-1 or windows-1252. A byte order mark is followed when absent")]
    public string? Encoding { get; init; }

    [Setting("How the files are packed: none, gzip, zip or zstd. Known by the file's first bytes when absent")]
    public Packing? Compression { get; init; }

    [Setting("Of zip archives only the members whose path fits this pattern, for example *.csv")]
    public string? Members { get; init; }

    [Setting("How many times its own size a packed file may become, beyond the first gigabyte: a guard against archives made to fill the disk", Minimum = 1, Maximum = 100_000)]
    public int MaxUnpackRatio { get; init; } = 250;

    [Setting("Objects and arrays inside JSON records: keep leaves them as JSON text, flatten makes columns of the fields of objects (a.b becomes a_b), split also makes a table of each array of objects (orders__items)")]
    public Nested Nested { get; init; }

    [Setting("How many levels of objects are taken apart; what lies deeper stays JSON text", Minimum = 1, Maximum = 64)]
    public int NestedDepth { get; init; } = 8;

    [Setting("Bytes that one record may have: the file of a longer one is rejected as a whole", Minimum = 1 << 20, Maximum = 1 << 30)]
    public int MaxRecordBytes { get; init; } = 16 << 20;

    [Setting("Allow write_mode replace to leave less than half of the rows")]
    public bool AllowSmaller { get; init; }

    [Setting("Read files again that were loaded before")]
    public bool Reload { get; init; }
}

/// <summary>How a file is packed.</summary>
internal enum Packing { None, Gzip, Zip, Zstd }
