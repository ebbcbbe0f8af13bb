namespace FlowForge.Ingest.Formats.Csv;

/// <summary>
/// Decides how values are quoted by reading the sample in each way: the usual one (double quotes, doubled inside) stays unless another breaks fewer records.
/// </summary>
internal static class QuoteChoice
{
    /// <param name="dialect">Its quote is a proposal unless it is said; an escape of 0 is to be found.</param>
    /// <param name="sample">Whole lines.</param>
    /// <param name="longestRecord">Bytes that one record may have.</param>
    /// <param name="quoteIsSaid">Whether the quote is fixed.</param>
    public static CsvDialect Settle(CsvDialect dialect, ReadOnlySpan<byte> sample, int longestRecord, bool quoteIsSaid)
    {
        if (dialect.Escape != 0) return dialect;
        var best = dialect with { Escape = dialect.Quote };
        if (best.Quote == 0) return best;
        var fewest = Broken(best, sample, longestRecord, out var quoted);
        if (fewest > 0)
        {
            var other = dialect with { Escape = (byte)'\\' };
            var broken = Broken(other, sample, longestRecord, out _);
            if (broken < fewest) (best, fewest) = (other, broken);
        }
        if (quoteIsSaid || quoted > 0) return best;
        // Apostrophes begin words too: they are quotes only when every one that begins a value also ends it.
        var single = dialect with { Quote = (byte)'\'', Escape = (byte)'\'' };
        return Broken(single, sample, longestRecord, out var singles) == 0 && singles >= 4 ? single : best;
    }

    private static int Broken(CsvDialect dialect, ReadOnlySpan<byte> sample, int longestRecord, out int quoted)
    {
        var decoder = new CsvDecoder(new CsvLayout(dialect, new CsvValues(), [], false, 0, longestRecord), [], 0);
        return decoder.CountBroken(sample, out quoted);
    }
}
