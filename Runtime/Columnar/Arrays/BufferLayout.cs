namespace FlowForge.Columnar;

internal enum BufferKind { Validity, Values, Bits, Offsets, LongOffsets, Bytes }

/// <summary>Which buffers an array of a type has, in the order of C Data and IPC.</summary>
internal static class BufferLayout
{
    private static readonly BufferKind[] None = [];
    private static readonly BufferKind[] ValidityOnly = [BufferKind.Validity];
    private static readonly BufferKind[] Boolean = [BufferKind.Validity, BufferKind.Bits];
    private static readonly BufferKind[] Fixed = [BufferKind.Validity, BufferKind.Values];
    private static readonly BufferKind[] Variable = [BufferKind.Validity, BufferKind.Offsets, BufferKind.Bytes];
    private static readonly BufferKind[] LongVariable = [BufferKind.Validity, BufferKind.LongOffsets, BufferKind.Bytes];
    private static readonly BufferKind[] List = [BufferKind.Validity, BufferKind.Offsets];
    private static readonly BufferKind[] LongList = [BufferKind.Validity, BufferKind.LongOffsets];

    public static BufferKind[] Of(IArrowType type) => type switch
    {
        NullType => None,
        BooleanType => Boolean,
        StringType or BinaryType => Variable,
        LargeStringType or LargeBinaryType => LongVariable,
        ListType or MapType => List,
        LargeListType => LongList,
        FixedSizeListType or StructType => ValidityOnly,
        FixedWidthType => Fixed,
        _ => throw new NotSupportedException($"No layout for {type.Name}."),
    };

    public static bool HasLongOffsets(IArrowType type) => type is LargeStringType or LargeBinaryType or LargeListType;

    /// <summary>Bytes that the values up to <paramref name="end"/> need; 0 for the bytes of text, which the offsets tell.</summary>
    public static long Needed(BufferKind kind, IArrowType type, int end) => kind switch
    {
        BufferKind.Validity or BufferKind.Bits => Bits.BytesFor(end),
        BufferKind.Values => (long)end * ((FixedWidthType)type).ByteWidth,
        BufferKind.Offsets => (end + 1L) * 4,
        BufferKind.LongOffsets => (end + 1L) * 8,
        _ => 0,
    };
}
