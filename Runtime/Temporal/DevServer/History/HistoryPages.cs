namespace FlowForge.Temporal.DevServer.History;

/// <summary>Cuts histories into pages.</summary>
internal static class HistoryPages
{
    /// <summary>Events from <paramref name="from"/> to <paramref name="last"/>, at most so many and (after the first) so many bytes.</summary>
    public static List<HistoryEvent> Slice(Execution e, long from, long last, int maxEvents, int maxBytes)
    {
        var page = new List<HistoryEvent>();
        var bytes = 0;
        for (var id = from; id <= last && page.Count < maxEvents && Fits(e, id, page, ref bytes, maxBytes); id++)
        {
        }
        return page;
    }

    /// <summary>Events from <paramref name="last"/> down to the first, within the same bounds.</summary>
    public static List<HistoryEvent> Backwards(Execution e, long last, long maxEvents, int maxBytes)
    {
        var page = new List<HistoryEvent>();
        var bytes = 0;
        for (var id = last; id >= 1 && page.Count < maxEvents && Fits(e, id, page, ref bytes, maxBytes); id--)
        {
        }
        return page;
    }

    private static bool Fits(Execution e, long id, List<HistoryEvent> page, ref int bytes, int maxBytes)
    {
        var next = e.Events[(int)id - 1];
        bytes += next.CalculateSize();
        if (bytes > maxBytes && page.Count > 0)
        {
            return false;
        }
        page.Add(next);
        return true;
    }
}
