using System.Runtime.InteropServices;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Packing;

/// <summary>The few calls of zstd that unpacking needs. libduckdb brings zstd along under names of its own; where it hides them, the system's libzstd is asked.</summary>
internal static unsafe class ZstdLibrary
{
    public const string Missing = "zstd cannot be unpacked on this machine: libduckdb does not show its own, and there is no libzstd (Debian: apt-get install libzstd1; macOS: brew install zstd).";

    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public byte* Data;
        public nuint Size;
        public nuint Position;
    }

    private sealed record Calls(nint Create, nint Free, nint Decompress, nint IsError, nint ErrorName);

    private static readonly Calls? Found = Find();

    public static bool IsAvailable => Found is not null;

    public static nint Create() => ((delegate* unmanaged[Cdecl]<nint>)Found!.Create)();

    public static void Free(nint context) => ((delegate* unmanaged[Cdecl]<nint, nuint>)Found!.Free)(context);

    /// <returns>0 at the end of a frame, else a hint or an error.</returns>
    public static nuint Decompress(nint context, ref Buffer target, ref Buffer source)
    {
        fixed (Buffer* output = &target, input = &source)
            return ((delegate* unmanaged[Cdecl]<nint, Buffer*, Buffer*, nuint>)Found!.Decompress)(context, output, input);
    }

    /// <summary>What a result of <see cref="Decompress"/> complains of; null when it is none.</summary>
    public static string? ErrorOf(nuint result) =>
        ((delegate* unmanaged[Cdecl]<nuint, uint>)Found!.IsError)(result) == 0 ? null
        : Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nuint, nint>)Found.ErrorName)(result)) ?? "unknown error";

    private static Calls? Find()
    {
        // As C++ names them: the zstd of this library is in the namespace duckdb_zstd.
        if (LibDuckDb.Handle is { } duck
            && Of(duck, "_ZN11duckdb_zstd18ZSTD_createDStreamEv", "_ZN11duckdb_zstd16ZSTD_freeDStreamEPNS_11ZSTD_DCtx_sE",
                "_ZN11duckdb_zstd21ZSTD_decompressStreamEPNS_11ZSTD_DCtx_sEPNS_16ZSTD_outBuffer_sEPNS_15ZSTD_inBuffer_sE",
                "_ZN11duckdb_zstd12ZSTD_isErrorEm", "_ZN11duckdb_zstd17ZSTD_getErrorNameEm") is { } own)
        {
            return own;
        }
        foreach (var name in (ReadOnlySpan<string>)["libzstd.so.1", "libzstd.1.dylib", "libzstd.dll", "zstd"])
        {
            if (NativeLibrary.TryLoad(name, out var system)
                && Of(system, "ZSTD_createDStream", "ZSTD_freeDStream", "ZSTD_decompressStream", "ZSTD_isError", "ZSTD_getErrorName") is { } calls)
            {
                return calls;
            }
        }
        return null;
    }

    private static Calls? Of(nint library, string create, string free, string decompress, string isError, string errorName) =>
        NativeLibrary.TryGetExport(library, create, out var c) && NativeLibrary.TryGetExport(library, free, out var f) && NativeLibrary.TryGetExport(library, decompress, out var d)
        && NativeLibrary.TryGetExport(library, isError, out var i) && NativeLibrary.TryGetExport(library, errorName, out var n) ? new Calls(c, f, d, i, n) : null;
}
