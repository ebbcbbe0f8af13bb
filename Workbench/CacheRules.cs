using Microsoft.AspNetCore.StaticFiles;

namespace FlowForge.Workbench;

/// <summary>Files whose name carries a hash never change; all others are asked about again (an answer of 304 is cheap).</summary>
internal static class CacheRules
{
    public static void Apply(StaticFileResponseContext file)
    {
        var path = file.Context.Request.Path.Value ?? "";
        var hashed = path.StartsWith("/lib/chunks/", StringComparison.Ordinal) || path.EndsWith(".woff2", StringComparison.Ordinal);
        file.Context.Response.Headers.CacheControl = hashed ? "public, max-age=31536000, immutable" : "no-cache";
    }
}
