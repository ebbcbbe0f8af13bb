using System.Globalization;

namespace FlowForge.Duck;

/// <summary>How a database is opened. Wrong settings are reported at <see cref="DuckDatabase.Open"/>.</summary>
public sealed record DuckOptions
{
    /// <summary>A file, or <c>:memory:</c>.</summary>
    public string Path { get; init; } = ":memory:";

    /// <summary>Limit of DuckDB's buffers in bytes; null: DuckDB's own (80 % of the machine). Beyond it, it spills to <see cref="TempDirectory"/>.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Worker threads, the calling one among them; null: all cores.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Below which folder to spill; made when missing. Each database gets a folder of its own there, which goes with it. Null: beside the file, or in memory a folder of this process in
    /// the system's temporary folder.
    /// </summary>
    public string? TempDirectory { get; init; }

    /// <summary>Who spills, at the end of its folder's name.</summary>
    internal string Spiller { get; init; } = "";

    /// <summary>Most bytes to spill; null: what the disk has. Beyond it statements fail with <see cref="DuckErrorKind.OutOfMemory"/>.</summary>
    public long? SpillLimitBytes { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>Keep rows in the order of their source, at some cost in speed and memory; off lets DuckDB reorder.</summary>
    public bool PreserveInsertionOrder { get; init; } = true;

    /// <summary>Further DuckDB settings by name; they win over the properties above.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    internal IEnumerable<KeyValuePair<string, string>> ToConfig()
    {
        var all = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["preserve_insertion_order"] = PreserveInsertionOrder ? "true" : "false",
            // No code of other people and no network behind our back.
            ["autoinstall_known_extensions"] = "false",
            ["autoload_known_extensions"] = "false",
            ["allow_community_extensions"] = "false",
        };
        if (ReadOnly) all["access_mode"] = "READ_ONLY";
        if (MemoryLimitBytes is { } memory) all["memory_limit"] = memory.ToString(CultureInfo.InvariantCulture) + "B";
        if (Threads is { } threads) all["threads"] = threads.ToString(CultureInfo.InvariantCulture);
        if (TempDirectory is { } temp) all["temp_directory"] = temp;
        foreach (var (name, value) in Settings) all[name] = value;
        return all;
    }
}
