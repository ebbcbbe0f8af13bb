using System.Runtime.InteropServices;
using System.Text;

namespace FlowForge.Duck.Native;

/// <summary>Native UTF-8 text to strings.</summary>
internal static unsafe class Text
{
    public static string? Borrowed(byte* text) => text == null ? null : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>Text that the caller must give back to DuckDB.</summary>
    public static string? Owned(nint text)
    {
        if (text == 0) return null;
        try
        {
            return Borrowed((byte*)text);
        }
        finally
        {
            Api.Free(text);
        }
    }
}
