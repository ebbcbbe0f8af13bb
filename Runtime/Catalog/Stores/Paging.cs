namespace FlowForge.Catalog;

/// <summary>The page arithmetic of all lists.</summary>
internal static class Paging
{
    public const int MaxSize = 1000;

    public static Page<T> Page<T>(int page, int size, long total, Func<int, long, List<T>> rows)
    {
        page = Math.Max(1, page);
        size = Math.Clamp(size, 1, MaxSize);
        var offset = (page - 1L) * size;
        return new Page<T>(offset < total ? rows(size, offset) : [], total, page, size);
    }

    /// <summary>A LIKE pattern (escape character <c>\</c>) for lower-cased text that contains <paramref name="text"/>.</summary>
    public static string? Contains(string? text) => text is null
        ? null
        : $"%{text.ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
