using Microsoft.Playwright;

namespace FlowForge.EndToEnd.Tests;

/// <summary>Waits for an address. The workbench changes it without loading a page, and a wait for a load sometimes misses that on a busy machine.</summary>
internal static class Arrival
{
    /// <param name="path">What the path is like, as a regular expression of JavaScript.</param>
    public static Task ArrivesAtAsync(this IPage page, string path) =>
        page.WaitForFunctionAsync("wanted => new RegExp(wanted).test(location.pathname)", path, new() { Timeout = 90_000 });
}
