using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Browser;

/// <summary>Waits for an address. The workbench changes it without loading a page, and a wait for a load sometimes misses that on a busy machine.</summary>
internal static class Arrival
{
    /// <param name="address">Path and query.</param>
    public static Task ArriveAsync(this IPage page, string address) =>
        page.WaitForFunctionAsync("wanted => location.pathname + location.search === wanted", address, new() { Timeout = 60_000 });
}
