using System.Text.Json;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Formats.Avro;

/// <summary>Makes of a schema what reads its values into columns.</summary>
internal sealed class AvroTypes
{
    private readonly Dictionary<string, AvroNode?> _named = new(StringComparer.Ordinal);

    /// <exception cref="BrokenFileException">The schema is wrong, or refers to itself: no table has such columns.</exception>
    public static AvroNode Compile(JsonElement schema)
    {
        var root = new AvroTypes().Of(schema, "");
        return root is RecordNode ? root : new RecordNode([("value", root)]);
    }

    private AvroNode Of(JsonElement schema, string space) => schema.ValueKind switch
    {
        JsonValueKind.String => Named(schema.GetString()!, space),
        JsonValueKind.Array => Union(schema, space),
        JsonValueKind.Object => OfObject(schema, space),
        _ => throw Wrong($"a type is {schema.ValueKind}"),
    };

    private AvroNode Named(string name, string space)
    {
        if (Primitive(name) is { } primitive) return primitive;
        var full = name.Contains('.', StringComparison.Ordinal) || space.Length == 0 ? name : $"{space}.{name}";
        if (!_named.TryGetValue(full, out var known) && !_named.TryGetValue(name, out known)) throw Wrong($"there is no type {full}");
        return known ?? throw new BrokenFileException("RECURSIVE_SCHEMA", $"The type {full} of the file's schema holds itself; a table cannot have such a column.", "Write the file with a schema that ends.");
    }

    private static AvroNode? Primitive(string name) => name switch
    {
        "null" => new NullNode(),
        "boolean" => new ValueNode<BooleanArray.Builder>(BooleanType.Default, static (at, to) => to.Append(at.Boolean())),
        "int" => new ValueNode<Int32Array.Builder>(Int32Type.Default, static (at, to) => to.Append(at.Int())),
        "long" => new ValueNode<Int64Array.Builder>(Int64Type.Default, static (at, to) => to.Append(at.Long())),
        "float" => new ValueNode<FloatArray.Builder>(FloatType.Default, static (at, to) => to.Append(at.Float())),
        "double" => new ValueNode<DoubleArray.Builder>(DoubleType.Default, static (at, to) => to.Append(at.Double())),
        "bytes" => new ValueNode<BinaryArray.Builder>(BinaryType.Default, static (at, to) => to.Append(at.Bytes())),
        "string" => new ValueNode<StringArray.Builder>(StringType.Default, static (at, to) => to.Append(at.Text())),
        _ => null,
    };

    private AvroNode OfObject(JsonElement schema, string space)
    {
        if (!schema.TryGetProperty("type", out var type)) throw Wrong("a type has no name");
        if (type.ValueKind != JsonValueKind.String) return Of(type, space);
        var kind = type.GetString()!;
        var logical = Text(schema, "logicalType");
        switch (kind)
        {
            case "record" or "error":
                return Remember(schema, space, inner => new RecordNode([.. Required(schema, "fields").EnumerateArray().Select(f => (Text(f, "name") ?? throw Wrong("a field has no name"), Of(Required(f, "type"), inner)))]));
            case "enum":
                return Remember(schema, space, _ => new EnumNode([.. Required(schema, "symbols").EnumerateArray().Select(s => s.GetString()!)]));
            case "fixed":
                var size = Number(schema, "size") ?? throw Wrong("a fixed has no size");
                return Remember(schema, space, _ => AvroLogical.Fixed(logical, size, Number(schema, "precision"), Number(schema, "scale") ?? 0));
            case "array":
                return new ListNode(Of(Required(schema, "items"), space));
            case "map":
                return new MapNode(Of(Required(schema, "values"), space));
            default:
                return (logical is null ? null : AvroLogical.Of(kind, logical, Number(schema, "precision"), Number(schema, "scale") ?? 0)) ?? Named(kind, space);
        }
    }

    private AvroNode Union(JsonElement schema, string space)
    {
        var branches = schema.EnumerateArray().Select(b => Of(b, space)).ToList();
        if (branches.Count == 0) throw Wrong("a union has no branches");
        var values = branches.Where(b => b is not NullNode).ToList();
        return values.Count switch { 0 => new ChoiceNode(branches, branches[0]), 1 => new ChoiceNode(branches, values[0]), _ => new MixedNode(branches) };
    }

    private AvroNode Remember(JsonElement schema, string space, Func<string, AvroNode> make)
    {
        var name = Text(schema, "name") ?? throw Wrong("a type has no name");
        var inner = name.LastIndexOf('.') is >= 0 and var dot ? name[..dot] : Text(schema, "namespace") ?? space;
        var full = name.Contains('.', StringComparison.Ordinal) || inner.Length == 0 ? name : $"{inner}.{name}";
        // While it is made it may not be used: it would hold itself.
        _named[full] = null;
        var made = make(inner);
        _named[full] = made;
        return made;
    }

    private static JsonElement Required(JsonElement schema, string name) => schema.TryGetProperty(name, out var value) ? value : throw Wrong($"a {Text(schema, "type") ?? "field"} has no {name}");

    private static string? Text(JsonElement schema, string name) => schema.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Number(JsonElement schema, string name) => schema.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private static BrokenFileException Wrong(string what) => new("BROKEN_AVRO", $"The file's schema is wrong: {what}.", "Write the file again.");
}
