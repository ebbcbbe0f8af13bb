using System.Text.Json;
using System.Text.Unicode;

namespace FlowForge.Api.Hooks;

/// <summary>A post's body as one line of JSON.</summary>
internal static class HookBody
{
    /// <summary>How deep a body may be nested: it stands inside a line, and its rows inside others, and whoever reads those takes 64.</summary>
    public const int Deepest = 60;

    /// <returns>Null when it calls itself JSON and is none or is nested too deep, or is no text.</returns>
    public static byte[]? Line(byte[] body, string? contentType)
    {
        if (!Utf8.IsValid(body)) return null;
        ReadOnlySpan<byte> text = body;
        if (text.StartsWith("\ufeff"u8)) text = text[3..];
        if (IsJson(text))
        {
            var line = text.ToArray();
            line.AsSpan().Replace((byte)'\n', (byte)' ');
            line.AsSpan().Replace((byte)'\r', (byte)' ');
            return line;
        }
        return contentType?.Contains("json", StringComparison.OrdinalIgnoreCase) == true ? null : JsonSerializer.SerializeToUtf8Bytes(System.Text.Encoding.UTF8.GetString(text));
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = Deepest });
            var any = false;
            while (reader.Read()) any = true;
            return any;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
