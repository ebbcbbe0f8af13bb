using FlowForge.Columnar;
using FlowForge.Duck.In;
using FlowForge.Duck.Native;

namespace FlowForge.Duck;

/// <summary>Values in, values out; both spans are of the same rows. NULL rows are masked by the caller: what is written for them is dropped.</summary>
public delegate void SpanFunction<TIn, TOut>(ReadOnlySpan<TIn> input, Span<TOut> output) where TIn : unmanaged where TOut : unmanaged;

/// <inheritdoc cref="SpanFunction{TIn, TOut}"/>
public delegate void SpanFunction<T1, T2, TOut>(ReadOnlySpan<T1> first, ReadOnlySpan<T2> second, Span<TOut> output) where T1 : unmanaged where T2 : unmanaged where TOut : unmanaged;

/// <summary>What a table function gives for its arguments.</summary>
/// <param name="Schema">Columns of all batches.</param>
/// <param name="Open">Called once for each scan; as for <see cref="DuckSession.RegisterSource(string, Schema, Func{CancellationToken, IEnumerable{RecordBatch}}, bool)"/>.</param>
public sealed record TableFunctionResult(Schema Schema, Func<CancellationToken, IEnumerable<RecordBatch>> Open);

public sealed partial class DuckSession
{
    /// <summary>
    /// Registers a scalar function over fixed-width values (bool, integers, float, double) for the whole instance, also its other sessions. It
    /// runs on DuckDB's threads, many at a time, 2,048 rows a call. NULL in any argument gives NULL. An exception ends the
    /// statement with a <see cref="DuckException"/> whose inner exception it is.
    /// </summary>
    /// <param name="name">Name in SQL; another signature of a known name becomes an overload.</param>
    /// <param name="body">Must not keep the spans.</param>
    /// <param name="isVolatile">Called for every row anew, even with the same arguments.</param>
    public unsafe void RegisterScalar<TIn, TOut>(string name, SpanFunction<TIn, TOut> body, bool isVolatile = false)
        where TIn : unmanaged where TOut : unmanaged =>
        ScalarFunction.Register(Handle, Database, name, [ScalarTypes.Of<TIn>()], ScalarTypes.Of<TOut>(), isVolatile, (chunk, rows, output) =>
        {
            var input = Api.ChunkVector(chunk, 0);
            body(new ReadOnlySpan<TIn>(Api.VectorData(input), rows), new Span<TOut>(Api.VectorData(output), rows));
            ScalarFunction.Mask(chunk, rows, output);
        });

    /// <inheritdoc cref="RegisterScalar{TIn, TOut}"/>
    public unsafe void RegisterScalar<T1, T2, TOut>(string name, SpanFunction<T1, T2, TOut> body, bool isVolatile = false)
        where T1 : unmanaged where T2 : unmanaged where TOut : unmanaged =>
        ScalarFunction.Register(Handle, Database, name, [ScalarTypes.Of<T1>(), ScalarTypes.Of<T2>()], ScalarTypes.Of<TOut>(), isVolatile, (chunk, rows, output) =>
        {
            body(new ReadOnlySpan<T1>(Api.VectorData(Api.ChunkVector(chunk, 0)), rows), new ReadOnlySpan<T2>(Api.VectorData(Api.ChunkVector(chunk, 1)), rows),
                new Span<TOut>(Api.VectorData(output), rows));
            ScalarFunction.Mask(chunk, rows, output);
        });

    /// <summary>
    /// Registers a scalar function over arrays of any type. The body sees NULLs and may give them. Its arrays are disposed after the
    /// call, the array it returns too; it has as many values as the arguments. Otherwise as the span form.
    /// </summary>
    public void RegisterScalar(string name, IReadOnlyList<IArrowType> parameters, IArrowType result, Func<IReadOnlyList<IArrowArray>, IArrowArray> body, bool isVolatile = false) =>
        ScalarFunction.Register(Handle, Database, name, parameters, result, isVolatile, new ArrayFunction(parameters.Count, result, body).Run, seesNulls: true);

    /// <summary>
    /// Registers a table function for the whole instance: <c>SELECT * FROM name(arguments)</c>. Its arguments arrive as long, double, bool
    /// or string (or null) and decide the columns when a statement is bound, which may happen more than once.
    /// </summary>
    /// <param name="name">Name in SQL, not in use.</param>
    /// <param name="parameters">Int64, Double, Boolean or String types.</param>
    /// <param name="bind">An exception becomes the statement's error, with it inside.</param>
    public void RegisterTable(string name, IReadOnlyList<IArrowType> parameters, Func<object?[], TableFunctionResult> bind)
    {
        var database = Database;
        SourceFunction.Register(Handle, name, parameters.Select(ScalarTypes.Argument).ToArray(), new Binding((args, caller) =>
        {
            var session = caller ?? throw new InvalidOperationException("The calling session is closed.");
            var result = bind(args);
            return new ManagedSource("Function", name, result.Schema, ct => result.Open(ct).GetEnumerator(), session);
        }, database));
    }
}
