using System.Globalization;
using System.Xml;

namespace FlowForge.Plugins.Formats;

/// <summary>Reading of markup that others have written.</summary>
internal static class Markup
{
    /// <summary>How many elements may be open at once. The platform's reader keeps each of them, so a small file of open elements alone would fill the memory.</summary>
    private const int Deepest = 1000;

    /// <summary>Goes to the next node; false at the end.</summary>
    /// <exception cref="BrokenFileException">More elements are open than any sound file has.</exception>
    public static bool Advance(this XmlReader reader)
    {
        var any = reader.Read();
        return reader.Depth <= Deepest ? any
            : throw new BrokenFileException("TOO_DEEP", string.Create(CultureInfo.InvariantCulture, $"More than {Deepest} elements stand inside each other."), "Nothing behind this place is read: see whether the file is what it should be.");
    }
}
