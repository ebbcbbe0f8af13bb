namespace FlowForge.Duck.Native;

/// <summary>Owns a duckdb_logical_type.</summary>
internal sealed class LogicalType : IDisposable
{
    private nint _handle;

    /// <summary>Takes ownership.</summary>
    public LogicalType(nint handle)
    {
        if (handle == 0) throw new DuckException(DuckErrorKind.Internal, "DuckDB gave no type where one was asked for.");
        _handle = handle;
    }

    public nint Handle => _handle;
    public TypeId Id => Api.GetTypeId(_handle);
    public string? Alias => Native.Text.Owned(Api.GetAlias(_handle));
    public int DecimalWidth => Api.DecimalWidth(_handle);
    public int DecimalScale => Api.DecimalScale(_handle);
    public TypeId DecimalInternal => Api.DecimalInternalType(_handle);
    public TypeId EnumInternal => Api.EnumInternalType(_handle);
    public int ArraySize => checked((int)Api.ArraySize(_handle));
    public int StructCount => checked((int)Api.StructChildCount(_handle));
    public string StructName(int index) => Native.Text.Owned(Api.StructChildName(_handle, (ulong)index)) ?? "";
    public LogicalType StructChild(int index) => new(Api.StructChildType(_handle, (ulong)index));
    public LogicalType ListElement() => new(Api.ListChildType(_handle));
    public LogicalType ArrayElement() => new(Api.ArrayChildType(_handle));
    public LogicalType MapKey() => new(Api.MapKeyType(_handle));
    public LogicalType MapValue() => new(Api.MapValueType(_handle));

    public IEnumerable<string> EnumLabels
    {
        get
        {
            var count = Api.EnumSize(_handle);
            for (uint i = 0; i < count; i++) yield return Native.Text.Owned(Api.EnumValue(_handle, i)) ?? "";
        }
    }

    /// <summary>The type as it is written in SQL.</summary>
    public string Text => TypeText.Of(this);

    public void Dispose()
    {
        if (_handle != 0) Api.DestroyLogicalType(ref _handle);
        _handle = 0;
    }
}
