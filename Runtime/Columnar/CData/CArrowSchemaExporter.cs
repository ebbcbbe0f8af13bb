using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace FlowForge.Columnar;

/// <summary>Schemas to the C Data Interface. All memory is native and freed by the struct's release callback.</summary>
public static unsafe class CArrowSchemaExporter
{
    /// <summary>Fills a struct that the caller allocated; the consumer releases it.</summary>
    public static void ExportSchema(Schema schema, CArrowSchema* target)
    {
        Fill(target, new Field("", new StructType(schema.FieldsList), false, schema.Metadata));
    }

    /// <inheritdoc cref="ExportSchema"/>
    public static void ExportField(Field field, CArrowSchema* target) => Fill(target, field);

    /// <inheritdoc cref="ExportSchema"/>
    public static void ExportType(IArrowType type, CArrowSchema* target) => Fill(target, new Field("", type));

    private static void Fill(CArrowSchema* target, Field field)
    {
        *target = default;
        target->release = &Release;
        try
        {
            target->format = Text(FormatText.Of(field.DataType));
            target->name = Text(field.Name);
            target->metadata = Metadata(ExtensionMetadata.ToWire(field));
            if (field.IsNullable) target->flags |= CArrowSchema.Nullable;
            if (field.DataType is MapType { KeysSorted: true }) target->flags |= CArrowSchema.MapKeysSorted;
            if (field.DataType is NestedType nested) Children(target, nested.Fields);
            if (field.DataType is not DictionaryType dictionary) return;
            if (dictionary.Ordered) target->flags |= CArrowSchema.DictionaryOrdered;
            target->dictionary = Native.Alloc<CArrowSchema>(1);
            Fill(target->dictionary, new Field("", dictionary.ValueType));
        }
        catch
        {
            CArrowSchema.Free(target);
            throw;
        }
    }

    private static void Children(CArrowSchema* target, IReadOnlyList<Field> fields)
    {
        target->children = (CArrowSchema**)Native.Alloc<nint>(Math.Max(1, fields.Count));
        foreach (var field in fields)
        {
            var child = Native.Alloc<CArrowSchema>(1);
            target->children[target->n_children++] = child;
            Fill(child, field);
        }
    }

    private static byte* Text(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        var copy = Native.Alloc<byte>(bytes + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(copy, bytes));
        return copy;
    }

    /// <summary>Number of pairs, then length and bytes of each key and value, in the machine's byte order.</summary>
    private static byte* Metadata(IReadOnlyDictionary<string, string> pairs)
    {
        if (pairs.Count == 0) return null;
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(pairs.Count);
        foreach (var (key, value) in pairs)
        {
            foreach (var text in new[] { key, value })
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                writer.Write(bytes.Length);
                writer.Write(bytes);
            }
        }
        var copy = Native.Alloc<byte>((int)stream.Length);
        stream.GetBuffer().AsSpan(0, (int)stream.Length).CopyTo(new Span<byte>(copy, (int)stream.Length));
        return copy;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(CArrowSchema* schema)
    {
        for (long i = 0; i < schema->n_children; i++)
        {
            CArrowSchema.Free(schema->children[i]);
            NativeMemory.Free(schema->children[i]);
        }
        NativeMemory.Free(schema->children);
        if (schema->dictionary != null)
        {
            CArrowSchema.Free(schema->dictionary);
            NativeMemory.Free(schema->dictionary);
        }
        NativeMemory.Free(schema->format);
        NativeMemory.Free(schema->name);
        NativeMemory.Free(schema->metadata);
        *schema = default;
    }
}

internal static unsafe class Native
{
    /// <summary>Zeroed memory, freed with NativeMemory.Free.</summary>
    public static T* Alloc<T>(int count) where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
}
