namespace FlowForge.Ingest.Formats;

/// <summary>Decodes whole records into rows and rejects. Holds scratch memory: one thread at a time.</summary>
internal interface IRecordDecoder
{
    /// <param name="bytes">Whole records.</param>
    /// <param name="offset">Where they start in the decoded file, for rejects.</param>
    /// <param name="isLast">The file ends with these records.</param>
    /// <param name="rows">Takes each record, in order, as a row or a reject.</param>
    void Decode(ReadOnlySpan<byte> bytes, long offset, bool isLast, RowBuilder rows);
}
