using System.Runtime.InteropServices;
using System.Text;

namespace FlowForge.Columnar;

/// <summary>
/// Schemas from the C Data Interface. Everything is copied; the struct is released on success and on failure.
/// </summary>
/// <remarks>The producer is trusted to give valid pointers, as the interface demands; counts and types are checked.</remarks>
public static unsafe class CArrowSchemaImporter
{
    private const int MaxDepth = 64;

    public static Schema ImportSchema(CArrowSchema* source)
    {
        var field = ImportField(source);
        return field.DataType is StructType type
            ? new Schema(type.Fields, field.Metadata)
            : throw new InvalidDataException($"A schema travels as a struct, this is {field.DataType.Name}.");
    }

    public static IArrowType ImportType(CArrowSchema* source) => ImportField(source).DataType;

    /// <exception cref="InvalidDataException">The struct is released already, or malformed.</exception>
    /// <exception cref="NotSupportedException">A type this library does not have.</exception>
    public static Field ImportField(CArrowSchema* source)
    {
        if (source->release == null) throw new InvalidDataException("The Arrow schema is already released.");
        try
        {
            return Read(source, 0);
        }
        finally
        {
            CArrowSchema.Free(source);
        }
    }

    private static Field Read(CArrowSchema* source, int depth)
    {
        if (depth > MaxDepth) throw new InvalidDataException($"The Arrow schema is nested more than {MaxDepth} levels deep.");
        if (source == null) throw new InvalidDataException("The Arrow schema has a null child.");
        var format = Text(source->format) ?? throw new InvalidDataException("The Arrow schema has no format.");
        if (source->n_children is < 0 or > 100_000) throw new InvalidDataException($"The Arrow schema says it has {source->n_children} children.");
        var children = new Field[source->n_children];
        for (var i = 0; i < children.Length; i++) children[i] = Read(source->children[i], depth + 1);
        var type = FormatText.Parse(format, children, (source->flags & CArrowSchema.MapKeysSorted) != 0);
        if (source->dictionary != null)
            type = new DictionaryType(type, Read(source->dictionary, depth + 1).DataType, (source->flags & CArrowSchema.DictionaryOrdered) != 0);
        return ExtensionMetadata.FromWire(Text(source->name) ?? "", type, (source->flags & CArrowSchema.Nullable) != 0, Metadata(source->metadata));
    }

    private static string? Text(byte* text) => text == null ? null : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    private static Dictionary<string, string>? Metadata(byte* at)
    {
        if (at == null) return null;
        int Number()
        {
            int n;
            Buffer.MemoryCopy(at, &n, 4, 4);
            at += 4;
            return n >= 0 ? n : throw new InvalidDataException($"The metadata of an Arrow schema has a length of {n}.");
        }
        string Next()
        {
            var length = Number();
            var text = Encoding.UTF8.GetString(at, length);
            at += length;
            return text;
        }
        var pairs = new Dictionary<string, string>();
        for (var count = Number(); count > 0; count--)
        {
            var key = Next();
            pairs[key] = Next();
        }
        return pairs;
    }
}
