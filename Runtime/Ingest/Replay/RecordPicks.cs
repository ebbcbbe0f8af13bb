namespace FlowForge.Ingest.Replay;

/// <summary>A record as its reject keeps it.</summary>
/// <param name="Record">Its number in the file.</param>
/// <param name="Offset">Where it stood in the decoded file.</param>
/// <param name="Raw">Its bytes, as UTF-8.</param>
internal readonly record struct PickedText(long Record, long Offset, byte[] Raw);

/// <summary>Which records of a file are read again.</summary>
/// <param name="Texts">Those whose kept text is read; asked anew for every pass.</param>
/// <param name="Numbers">Those that are read from the landed file, in order; null with <see cref="Whole"/>.</param>
/// <param name="Expected">How many records are picked; 1 for a whole file.</param>
/// <param name="Whole">All records of the file: it was rejected as a whole.</param>
internal sealed record RecordPicks(Func<IEnumerable<PickedText>> Texts, long[]? Numbers, long Expected, bool Whole)
{
    private const int BatchBytes = 1 << 20;
    private const int BatchTexts = 4096;

    /// <summary>The run that rejected them.</summary>
    public required string Run { get; init; }

    /// <summary>Whether the landed file itself is read.</summary>
    public bool ReadsFile => Whole || Numbers is { Length: > 0 };

    /// <summary>The kept texts in handy portions.</summary>
    public IEnumerable<IReadOnlyList<PickedText>> Batches()
    {
        var batch = new List<PickedText>();
        var bytes = 0;
        foreach (var text in Texts())
        {
            batch.Add(text);
            bytes += text.Raw.Length;
            if (bytes < BatchBytes && batch.Count < BatchTexts) continue;
            yield return batch;
            (batch, bytes) = ([], 0);
        }
        if (batch.Count > 0) yield return batch;
    }
}
