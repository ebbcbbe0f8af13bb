using System.Text;

namespace FlowForge.PluginHost;

internal static class SnakeCase
{
    /// <summary><c>PageSize</c> → <c>page_size</c>, <c>ETag</c> → <c>etag</c>-like runs of capitals stay together: <c>URLPath</c> → <c>url_path</c>.</summary>
    public static string From(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            var startsWord = char.IsUpper(name[i]) && i > 0 && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord) text.Append('_');
            text.Append(char.ToLowerInvariant(name[i]));
        }
        return text.ToString();
    }
}
