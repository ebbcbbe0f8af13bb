using System.Text;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>A text with some places replaced, which still knows where each of its places came from.</summary>
internal sealed class EditedText
{
    private readonly List<(int OldStart, int OldEnd, int NewStart, int NewEnd)> _edits = [];

    public EditedText(string original, IEnumerable<(Range Place, string Text)> edits)
    {
        Original = original;
        var text = new StringBuilder();
        var done = 0;
        foreach (var (place, replacement) in edits.OrderBy(e => e.Place.Start.Value))
        {
            text.Append(original, done, place.Start.Value - done);
            _edits.Add((place.Start.Value, place.End.Value, text.Length, text.Length + replacement.Length));
            text.Append(replacement);
            done = place.End.Value;
        }
        Text = text.Append(original, done, original.Length - done).ToString();
    }

    public string Original { get; }

    public string Text { get; }

    /// <summary>Line and column, from 1, in the original for a place of the edited text.</summary>
    public (int Line, int Column) Place(int position)
    {
        var shift = 0;
        var place = position;
        foreach (var edit in _edits)
        {
            if (position < edit.NewStart) break;
            if (position < edit.NewEnd)
            {
                place = edit.OldStart;
                shift = 0;
                break;
            }
            shift = edit.OldEnd - edit.NewEnd;
        }
        place = Math.Clamp(place + shift, 0, Original.Length);
        var line = Original.AsSpan(0, place).Count('\n') + 1;
        return (line, place - (place == 0 ? -1 : Original.LastIndexOf('\n', place - 1)));
    }
}
