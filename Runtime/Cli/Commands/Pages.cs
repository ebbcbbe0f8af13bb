using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary>Reads all pages of a list.</summary>
internal static class Pages
{
    public static async Task<IReadOnlyList<T>> AllAsync<T>(Func<int, Task<Page<T>>> read)
    {
        var all = new List<T>();
        for (var page = 1; ; page++)
        {
            var found = await read(page);
            all.AddRange(found.Items);
            if (found.Items.Count == 0 || all.Count >= found.Total)
                return all;
        }
    }
}
