using FlowForge.Duck;

namespace FlowForge.Lake.Log;

/// <summary>The small DuckDB instance that reads and writes checkpoints: one for the process, opened at the first need.</summary>
internal static class LogEngine
{
    private static readonly LateDatabase Database = new(new DuckOptions { Threads = 1, MemoryLimitBytes = 512L << 20 });

    public static DuckSession Connect() => Database.Connect();
}
