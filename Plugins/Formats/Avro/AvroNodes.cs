using System.Text;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Formats.Avro;

/// <summary>Reads the values of one type into the builder of its column. What does not fit its type is noted at the cursor, and anything stands in its place; what cannot be read on is an <see cref="InvalidDataException"/>.</summary>
internal abstract class AvroNode(IArrowType type, long size = 1)
{
    private const long MostParts = 100_000;

    public IArrowType Type => type;

    /// <summary>The parts that it has with those of its parts: a type that is named several times counts each time, for each has a column of its own.</summary>
    public long Size => size;

    protected static long SizeOf(IEnumerable<AvroNode> parts)
    {
        var size = 1 + parts.Sum(p => p.Size);
        return size <= MostParts ? size : throw new BrokenFileException("SCHEMA_TOO_LARGE", $"The file's schema becomes more than {MostParts} columns when the types that it names are put in their places.", "Write the file with a smaller schema.");
    }

    /// <summary>Of the node at the top: the columns.</summary>
    public virtual Schema Columns => throw new NotSupportedException();

    public abstract void Read(AvroCursor at, ArrayBuilder to);

    /// <summary>Of the node at the top: reads one field of a record.</summary>
    public virtual void ReadColumn(int column, AvroCursor at, ArrayBuilder to) => throw new NotSupportedException();
}

internal sealed class ValueNode<T>(IArrowType type, Action<AvroCursor, T> read) : AvroNode(type) where T : ArrayBuilder
{
    public override void Read(AvroCursor at, ArrayBuilder to) => read(at, (T)to);
}

/// <summary>Nothing but nulls: a column of text without values.</summary>
internal sealed class NullNode() : AvroNode(StringType.Default)
{
    public override void Read(AvroCursor at, ArrayBuilder to)
    {
        at.Nothing();
        to.AppendNull();
    }
}

internal sealed class EnumNode(string[] symbols) : AvroNode(StringType.Default)
{
    private readonly byte[][] _symbols = [.. symbols.Select(Encoding.UTF8.GetBytes)];

    public override void Read(AvroCursor at, ArrayBuilder to)
    {
        var index = at.Int();
        var isKnown = (uint)index < (uint)_symbols.Length;
        if (!isKnown) at.Misfit($"The enum has no symbol {index}.");
        ((StringArray.Builder)to).Append(isKnown ? _symbols[index] : []);
    }
}

internal sealed class RecordNode((string Name, AvroNode Node)[] fields)
    : AvroNode(fields.Length == 0 ? StringType.Default : new StructType(fields.Select(f => new Field(f.Name, f.Node.Type))), SizeOf(fields.Select(f => f.Node)))
{
    public override Schema Columns { get; } = new([.. fields.Select(f => new Field(f.Name, f.Node.Type))]);

    public override void ReadColumn(int column, AvroCursor at, ArrayBuilder to) => fields[column].Node.Read(at, to);

    public override void Read(AvroCursor at, ArrayBuilder to)
    {
        // No table knows a record without fields.
        if (to is not StructBuilder record)
        {
            at.Nothing();
            to.AppendObject("{}");
            return;
        }
        for (var i = 0; i < fields.Length; i++) fields[i].Node.Read(at, record.Fields[i]);
        record.Append();
    }
}

internal sealed class ListNode(AvroNode item) : AvroNode(new ListType(item.Type), SizeOf([item]))
{
    public override void Read(AvroCursor at, ArrayBuilder to)
    {
        var list = (ListBuilder)to;
        list.Append();
        for (var count = at.Elements(); count > 0; count = at.Elements())
            for (; count > 0; count--) item.Read(at, list.Values);
    }
}

internal sealed class MapNode(AvroNode value) : AvroNode(new MapType(StringType.Default, value.Type), SizeOf([value]))
{
    public override void Read(AvroCursor at, ArrayBuilder to)
    {
        var map = (MapBuilder)to;
        map.Append();
        for (var count = at.Elements(); count > 0; count = at.Elements())
        {
            for (; count > 0; count--)
            {
                map.AppendEntry();
                ((StringArray.Builder)map.Keys).Append(at.Text());
                value.Read(at, map.Items);
            }
        }
    }
}

/// <summary>A union of null and one type, in either order.</summary>
internal sealed class ChoiceNode(IReadOnlyList<AvroNode> branches, AvroNode value) : AvroNode(value.Type, SizeOf(branches))
{
    public override void Read(AvroCursor at, ArrayBuilder to)
    {
        var branch = at.Long();
        if (branch < 0 || branch >= branches.Count) throw new InvalidDataException($"The union has no branch {branch}.");
        if (branches[(int)branch] is NullNode) to.AppendNull();
        else value.Read(at, to);
    }
}

/// <summary>A union of several types: a column of text, in which a text stands as it is and all else as JSON.</summary>
internal sealed class MixedNode(IReadOnlyList<AvroNode> branches) : AvroNode(StringType.Default, SizeOf(branches))
{
    private readonly ArrayBuilder?[] _scratch = new ArrayBuilder?[branches.Count];

    public override void Read(AvroCursor at, ArrayBuilder to)
    {
        var branch = at.Long();
        if (branch < 0 || branch >= branches.Count) throw new InvalidDataException($"The union has no branch {branch}.");
        if (branches[(int)branch] is NullNode)
        {
            to.AppendNull();
            return;
        }
        var scratch = _scratch[branch] ??= ArrayBuilder.Create(branches[(int)branch].Type);
        scratch.Truncate(0);
        branches[(int)branch].Read(at, scratch);
        using var one = scratch.Build();
        to.AppendObject(AvroText.Of(one.GetObject(0)));
    }
}
