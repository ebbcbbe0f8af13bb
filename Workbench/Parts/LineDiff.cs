namespace FlowForge.Workbench.Parts;

/// <summary>One line of a comparison: <c>' '</c> in both, <c>'-'</c> only before, <c>'+'</c> only after, <c>'…'</c> for equal lines left out.</summary>
internal readonly record struct DiffLine(char Sign, string Text);

/// <summary>What differs between two texts, by lines.</summary>
internal static class LineDiff
{
    // Beyond this the lines between equal beginnings and ends are shown as exchanged: nobody reads more than that line by line.
    private const long MostCells = 4_000_000;

    /// <param name="context">Equal lines shown around each change.</param>
    public static IReadOnlyList<DiffLine> Of(string before, string after, int context = 3)
    {
        var (old, now) = (Lines(before), Lines(after));
        var (head, tail) = (0, 0);
        while (head < old.Length && head < now.Length && old[head] == now[head]) head++;
        while (tail < old.Length - head && tail < now.Length - head && old[^(tail + 1)] == now[^(tail + 1)]) tail++;
        var all = new List<DiffLine>(old.Take(head).Select(Same));
        all.AddRange(Middle(old[head..^tail], now[head..^tail]));
        all.AddRange(old.Skip(old.Length - tail).Select(Same));
        return Shorten(all, context);
    }

    private static List<DiffLine> Middle(string[] old, string[] now)
    {
        if ((long)old.Length * now.Length > MostCells) return [.. old.Select(l => new DiffLine('-', l)), .. now.Select(l => new DiffLine('+', l))];
        // Longest common subsequence: length[i, j] of what follows i and j.
        var length = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
            for (var j = now.Length - 1; j >= 0; j--)
                length[i, j] = old[i] == now[j] ? length[i + 1, j + 1] + 1 : Math.Max(length[i + 1, j], length[i, j + 1]);
        var found = new List<DiffLine>();
        for (int i = 0, j = 0; i < old.Length || j < now.Length;)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j]) (found, i, j) = (Add(found, Same(old[i])), i + 1, j + 1);
            else if (i < old.Length && (j == now.Length || length[i + 1, j] >= length[i, j + 1])) found.Add(new DiffLine('-', old[i++]));
            else found.Add(new DiffLine('+', now[j++]));
        }
        return found;

        static List<DiffLine> Add(List<DiffLine> list, DiffLine line)
        {
            list.Add(line);
            return list;
        }
    }

    private static List<DiffLine> Shorten(List<DiffLine> all, int context)
    {
        var shown = new List<DiffLine>();
        for (var i = 0; i < all.Count; i++)
        {
            var near = all[i].Sign != ' ';
            for (var d = 1; d <= context && !near; d++) near = (i - d >= 0 && all[i - d].Sign != ' ') || (i + d < all.Count && all[i + d].Sign != ' ');
            if (near) shown.Add(all[i]);
            else if (shown.Count == 0 || shown[^1].Sign != '…') shown.Add(new DiffLine('…', ""));
        }
        return shown;
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');

    private static DiffLine Same(string line) => new(' ', line);
}
