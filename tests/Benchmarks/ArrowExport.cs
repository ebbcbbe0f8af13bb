using System.Runtime.InteropServices;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Duck.Native;

namespace FlowForge.Benchmarks;

/// <summary>DuckDB's own conversion of chunks to Arrow, imported through the C Data Interface: the way not taken, for comparison.</summary>
internal static unsafe partial class ArrowExport
{
    [LibraryImport("libduckdb", EntryPoint = "duckdb_connection_get_arrow_options")] private static partial void ArrowOptions(nint connection, out nint options);
    [LibraryImport("libduckdb", EntryPoint = "duckdb_destroy_arrow_options")] private static partial void DestroyArrowOptions(ref nint options);
    [LibraryImport("libduckdb", EntryPoint = "duckdb_to_arrow_schema")] private static partial nint ToArrowSchema(nint options, nint* types, byte** names, ulong count, CArrowSchema* schema);
    [LibraryImport("libduckdb", EntryPoint = "duckdb_data_chunk_to_arrow")] private static partial nint ChunkToArrow(nint options, nint chunk, CArrowArray* array);

    public static void Run(DuckSession session, string sql, Action<RecordBatch> each)
    {
        static DuckException Error(string? m, string? _) => new(DuckErrorKind.Unknown, m ?? "");
        using var statements = new StatementList(session.Handle, sql, Error);
        using var statement = statements.Prepare(0);
        var result = statement.Run(streaming: true, m => Error(m, null));
        ArrowOptions(session.Handle, out var options);
        var schema = Schema(ref result, options);
        while (Api.FetchChunk(result) is var chunk && chunk != 0)
        {
            CArrowArray array = default;
            if (ChunkToArrow(options, chunk, &array) != 0) throw new InvalidOperationException("DuckDB could not convert a chunk.");
            Api.DestroyChunk(ref chunk);
            using var batch = CArrowArrayImporter.ImportRecordBatch(&array, schema);
            each(batch);
        }
        DestroyArrowOptions(ref options);
        Api.DestroyResult(ref result);
    }

    private static Schema Schema(ref NativeResult result, nint options)
    {
        var count = (int)Api.ColumnCount(ref result);
        var types = new nint[count];
        var names = new nint[count];
        for (var i = 0; i < count; i++)
        {
            types[i] = Api.ColumnType(ref result, (ulong)i);
            names[i] = (nint)Api.ColumnName(ref result, (ulong)i);
        }
        CArrowSchema schema = default;
        fixed (nint* t = types)
        fixed (nint* n = names)
        {
            if (ToArrowSchema(options, t, (byte**)n, (ulong)count, &schema) != 0) throw new InvalidOperationException("DuckDB could not convert the schema.");
        }
        foreach (var type in types)
        {
            var handle = type;
            Api.DestroyLogicalType(ref handle);
        }
        return CArrowSchemaImporter.ImportSchema(&schema);
    }
}
