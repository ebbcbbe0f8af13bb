using FlowForge.Columnar;
using FlowForge.Duck.Native;
using FlowForge.Duck.Out;

namespace FlowForge.Duck.In;

/// <summary>A scalar function over arrays: arguments are copied out, the result is copied in. Called by many threads at a time.</summary>
internal sealed class ArrayFunction(int parameters, IArrowType result, Func<IReadOnlyList<IArrowArray>, IArrowArray> body)
{
    public void Run(nint chunk, int rows, nint output)
    {
        var arguments = new IArrowArray[parameters];
        var pool = new BufferPool();
        var factory = new SinkFactory(pool);
        var memory = new PooledMemory(pool);
        try
        {
            for (var i = 0; i < parameters; i++)
            {
                var vector = Api.ChunkVector(chunk, (ulong)i);
                using var type = new LogicalType(Api.VectorType(vector));
                var sink = factory.Create(type);
                sink.Append(vector, 0, rows);
                arguments[i] = ArrowArrayFactory.Build(sink.Finish(memory));
            }
            using var values = body(arguments) ?? throw new InvalidOperationException("it gave no array");
            if (values.Length != rows || !SourceTypes.SameLayout(values.Type, result))
                throw new InvalidOperationException($"it gave {values.Length} values of {values.Type.Name} for {rows} of {result.Name}");
            VectorWriterFactory.Create(result).Write(values, 0, rows, output, 0);
        }
        finally
        {
            foreach (var argument in arguments) argument?.Dispose();
        }
    }
}
