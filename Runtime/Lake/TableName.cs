namespace FlowForge.Lake;

/// <summary>The three layers that hold tables. Landing holds raw files and no tables.</summary>
public enum Layer
{
    /// <summary>Rows as ingested, proven against their types.</summary>
    Bronze,
    /// <summary>Cleaned and joined rows.</summary>
    Silver,
    /// <summary>Answers for people.</summary>
    Gold,
}

/// <summary>A table's name in the lake: layer and name, written <c>gold.delays</c>.</summary>
public readonly record struct TableName(Layer Layer, string Name)
{
    /// <summary>Parses <c>layer.name</c>; the layer's case does not matter.</summary>
    /// <exception cref="FormatException">The text names no layer, or a name that cannot be a folder.</exception>
    public static TableName Parse(string text) =>
        TryParse(text, out var name)
            ? name
            : throw new FormatException($"'{text}' is no table name: write bronze.NAME, silver.NAME or gold.NAME with letters, digits, '_' and '-'.");

    /// <summary>As <see cref="Parse"/>, without the exception.</summary>
    public static bool TryParse(string? text, out TableName name)
    {
        name = default;
        var dot = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        if (dot <= 0 || !Enum.TryParse<Layer>(text.AsSpan(0, dot), ignoreCase: true, out var layer) || char.IsAsciiDigit(text![0])) return false;
        var table = text[(dot + 1)..];
        if (!IsFolderName(table)) return false;
        name = new TableName(layer, table);
        return true;
    }

    /// <summary><c>bronze.flights</c>.</summary>
    public override string ToString() => $"{LayerName}.{Name}";

    /// <summary>The layer in lower case, as folders and SQL schemas write it.</summary>
    public string LayerName => Layer switch { Layer.Bronze => "bronze", Layer.Silver => "silver", _ => "gold" };

    // A table name is a folder name: nothing that climbs out of its layer, hides, differs between file systems, or is longer than they take (they count bytes).
    private static bool IsFolderName(string name) =>
        name.Length > 0 && System.Text.Encoding.UTF8.GetByteCount(name) <= 200 && name[0] is not ('.' or '-') && name.All(c => char.IsLetterOrDigit(c) || c is '_' or '-');
}
