namespace FlowForge.Columnar.Ipc;

/// <summary>Numbers of the union <c>Type</c> in Arrow's Schema.fbs.</summary>
internal enum WireType : byte
{
    None = 0, Null = 1, Int = 2, FloatingPoint = 3, Binary = 4, Utf8 = 5, Bool = 6, Decimal = 7, Date = 8, Time = 9, Timestamp = 10,
    Interval = 11, List = 12, Struct = 13, Union = 14, FixedSizeBinary = 15, FixedSizeList = 16, Map = 17, Duration = 18,
    LargeBinary = 19, LargeUtf8 = 20, LargeList = 21, RunEndEncoded = 22, BinaryView = 23, Utf8View = 24, ListView = 25, LargeListView = 26,
}

/// <summary>Numbers of the union <c>MessageHeader</c> in Message.fbs.</summary>
internal enum MessageKind : byte { None = 0, Schema = 1, DictionaryBatch = 2, RecordBatch = 3, Tensor = 4, SparseTensor = 5 }

internal static class Wire
{
    public const short Version4 = 3;
    public const short Version5 = 4;
    public const int Continuation = -1;
    public const int MaxDepth = 64;
    public const int MaxFields = 100_000;
    public const int MaxMetadata = 256 << 20;
    public static ReadOnlySpan<byte> Magic => "ARROW1"u8;
}
