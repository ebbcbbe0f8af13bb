namespace FlowForge.Columnar;

/// <summary>Values of one fixed width. The value under a null is undefined.</summary>
public abstract class PrimitiveArray<T> : ArrowArray where T : unmanaged
{
    private protected PrimitiveArray(ArrayData data) : base(data)
    {
        if (data.Buffers.Length != 2) throw new ArgumentException($"An array of {data.Type.Name} has two buffers, not {data.Buffers.Length}.", nameof(data));
    }

    /// <summary>All values of this window. Valid until the array is disposed.</summary>
    public ReadOnlySpan<T> Values => Data.Buffers[1].As<T>().Slice(Offset, Length);

    /// <summary>The value, or null.</summary>
    public T? GetValue(int index) => IsNull(index) ? null : Values[index];

    protected override object? Box(int index) => Values[index];
}

public sealed class Int8Array(ArrayData data) : PrimitiveArray<sbyte>(data) { public sealed class Builder() : PrimitiveBuilder<sbyte>(Int8Type.Default); }
public sealed class Int16Array(ArrayData data) : PrimitiveArray<short>(data) { public sealed class Builder() : PrimitiveBuilder<short>(Int16Type.Default); }
public sealed class Int32Array(ArrayData data) : PrimitiveArray<int>(data) { public sealed class Builder() : PrimitiveBuilder<int>(Int32Type.Default); }
public sealed class Int64Array(ArrayData data) : PrimitiveArray<long>(data) { public sealed class Builder() : PrimitiveBuilder<long>(Int64Type.Default); }
public sealed class UInt8Array(ArrayData data) : PrimitiveArray<byte>(data) { public sealed class Builder() : PrimitiveBuilder<byte>(UInt8Type.Default); }
public sealed class UInt16Array(ArrayData data) : PrimitiveArray<ushort>(data) { public sealed class Builder() : PrimitiveBuilder<ushort>(UInt16Type.Default); }
public sealed class UInt32Array(ArrayData data) : PrimitiveArray<uint>(data) { public sealed class Builder() : PrimitiveBuilder<uint>(UInt32Type.Default); }
public sealed class UInt64Array(ArrayData data) : PrimitiveArray<ulong>(data) { public sealed class Builder() : PrimitiveBuilder<ulong>(UInt64Type.Default); }
public sealed class HalfFloatArray(ArrayData data) : PrimitiveArray<Half>(data) { public sealed class Builder() : PrimitiveBuilder<Half>(HalfFloatType.Default); }
public sealed class FloatArray(ArrayData data) : PrimitiveArray<float>(data) { public sealed class Builder() : PrimitiveBuilder<float>(FloatType.Default); }
public sealed class DoubleArray(ArrayData data) : PrimitiveArray<double>(data) { public sealed class Builder() : PrimitiveBuilder<double>(DoubleType.Default); }
