namespace FlowForge.Temporal.DevServer.History;

/// <summary>Cuts histories into pages.</summary>
internal static class HistoryPages
{
    /// <summary>Events from <paramref name="from"/> to <paramref name="last"/>, at most so many and (after the first) so many bytes.</summary>
    public static List<HistoryEvent> Slice(Execution e, long from, long last, int maxEvents, int maxBytes)
    {
        var page = new List<HistoryEvent>();
        var bytes = 0;
        for (var id = from; id <= last && page.Count < maxEvents; id++)
        {
            var next = e.Events[(int)id - 1];
            bytes += next.CalculateSize();
            if (bytes > maxBytes && page.Count > 0)
            {
                break;
            }
            page.Add(next);
        }
        return page;
    }
}
