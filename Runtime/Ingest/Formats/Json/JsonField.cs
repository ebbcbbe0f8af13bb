using System.Text;
using System.Text.Json;

namespace FlowForge.Ingest.Formats.Json;

/// <summary>A field that records may have, with those inside it: the columns as a tree. A column of the name <c>a.b</c> is the field b in a.</summary>
internal sealed class JsonField
{
    private readonly List<JsonField> _fields = [];
    private byte[][] _names = [];

    private JsonField(string path, string name) => (Path, Name) = (path, Encoding.UTF8.GetBytes(name));

    /// <summary>Names from the top, with dots between; dots within a name are escaped.</summary>
    public string Path { get; }
    public byte[] Name { get; }
    /// <summary>Its column in the rows; -1 when only fields inside it have some, -2 when nothing wants it.</summary>
    public int Column { get; private set; } = -1;
    /// <summary>The value is kept whole whatever it is.</summary>
    public bool KeepsWhole { get; private set; }
    public bool HasFields => _fields.Count > 0;

    /// <param name="targets">The columns.</param>
    /// <param name="takesApart">Whether dots in names stand for objects.</param>
    public static JsonField Tree(IReadOnlyList<TargetColumn> targets, bool takesApart)
    {
        var root = new JsonField("", "");
        for (var i = 0; i < targets.Count; i++)
        {
            var field = root;
            foreach (var name in takesApart ? Split(targets[i].Name) : [targets[i].Name]) field = field.Get(name, takesApart);
            if (field.Column >= 0) continue;
            field.Column = i;
            field.KeepsWhole = targets[i].Declared;
        }
        root.Freeze();
        return root;
    }

    /// <summary>The path of a field in this one.</summary>
    public string PathOf(string name, bool escape = true)
    {
        var own = escape ? name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(".", "\\.", StringComparison.Ordinal) : name;
        return Path.Length == 0 ? own : $"{Path}.{own}";
    }

    /// <summary>The known field that the reader names; null when it is not known. Fields mostly come in the same order.</summary>
    public JsonField? Find(ref Utf8JsonReader reader, ref int expected)
    {
        var names = _names;
        for (var n = 0; n < names.Length; n++)
        {
            var i = expected + n;
            if (i >= names.Length) i -= names.Length;
            if (reader.ValueIsEscaped ? !reader.ValueTextEquals(names[i]) : !reader.ValueSpan.SequenceEqual(names[i])) continue;
            expected = i + 1 == names.Length ? 0 : i + 1;
            return _fields[i];
        }
        return null;
    }

    /// <summary>A field that is not known: only its path matters.</summary>
    public JsonField Unknown(string name, bool escape) => new(PathOf(name, escape), name) { Column = -2 };

    private JsonField Get(string name, bool escape)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        if (_fields.Find(f => f.Name.AsSpan().SequenceEqual(bytes)) is { } known) return known;
        var field = new JsonField(PathOf(name, escape), name);
        _fields.Add(field);
        return field;
    }

    private void Freeze()
    {
        _names = [.. _fields.Select(f => f.Name)];
        foreach (var field in _fields) field.Freeze();
    }

    /// <summary>The names in a path.</summary>
    internal static IEnumerable<string> Split(string path)
    {
        var name = new StringBuilder();
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '\\' && i + 1 < path.Length) name.Append(path[++i]);
            else if (path[i] == '.')
            {
                yield return name.ToString();
                name.Clear();
            }
            else name.Append(path[i]);
        }
        yield return name.ToString();
    }
}
