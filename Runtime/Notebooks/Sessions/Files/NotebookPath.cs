namespace FlowForge.Notebooks.Sessions.Files;

/// <summary>The place of a notebook below its folder: <c>analysis/revenue.ipynb</c>, with forward slashes.</summary>
public readonly record struct NotebookPath
{
    public const string Extension = ".ipynb";
    private const int Longest = 200;

    private NotebookPath(string text) => Text = text;

    public string Text { get; }

    /// <summary>The file's name without its ending.</summary>
    public string Title => Path.GetFileNameWithoutExtension(Text);

    /// <summary>Reads a path that people write, with or without the ending.</summary>
    /// <returns>Null when it is fine, otherwise what is wrong with it.</returns>
    public static string? TryParse(string? text, out NotebookPath path)
    {
        path = default;
        var given = (text ?? "").Trim();
        if (given.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)) given = given[..^Extension.Length];
        if (given.Length == 0) return "The notebook needs a name.";
        if (given.Length > Longest) return $"The name has {given.Length} characters; {Longest} are the most.";
        foreach (var part in given.Split('/'))
        {
            if (part.Length == 0) return "The name has an empty folder in it.";
            if (System.Text.Encoding.UTF8.GetByteCount(part) > Longest) return $"'{part[..20]}…' takes {System.Text.Encoding.UTF8.GetByteCount(part)} bytes in UTF-8; {Longest} are the most for one folder or name.";
            if (part[0] == '.' || part[^1] is '.' or ' ' || part[0] == ' ') return $"'{part}' cannot be part of a name: no dot in front, no dot or blank at an end.";
            if (part.AsSpan().IndexOfAnyInRange('\0', '\u001F') is >= 0 and var control) return $"The name has the character 'U+{(int)part[control]:X4}', which files cannot have everywhere.";
            var bad = part.FirstOrDefault(c => char.IsControl(c) || c is '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|');
            if (bad != 0) return $"The name has the character '{(char.IsControl(bad) ? $"U+{(int)bad:X4}" : bad)}', which files cannot have everywhere.";
        }
        path = new NotebookPath(given + Extension);
        return null;
    }

    /// <exception cref="FormatException">The text is no path; the message says why.</exception>
    public static NotebookPath Parse(string text) => TryParse(text, out var path) is { } problem ? throw new FormatException(problem) : path;

    public override string ToString() => Text;
}
