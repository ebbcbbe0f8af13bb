using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Types;

namespace FlowForge.Ingest.Reading;

/// <summary>Proposes columns and types from the beginnings of the files. A proposal only: every row has to prove it.</summary>
internal static class ColumnProposal
{
    /// <summary>Files whose beginning is looked at; the rest is proved anyway.</summary>
    private const int MostSamples = 32;

    /// <param name="files">The files with their layouts.</param>
    /// <param name="settings">How they are packed and written.</param>
    /// <param name="formats">How dates and times are written, where the job says it.</param>
    /// <returns>Columns in the order in which the files name them, with what is known of their values.</returns>
    public static List<(string Name, ColumnFacts Facts)> Propose(IReadOnlyList<PlannedFile> files, FileSettings settings, GivenFormats? formats)
    {
        var columns = new List<(string Name, ColumnFacts Facts)>();
        foreach (var file in files)
            foreach (var name in file.Layout?.Columns ?? [])
                if (!columns.Any(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase))) columns.Add((name, new ColumnFacts()));
        foreach (var file in files.Where(f => f.Layout is not null).Take(MostSamples))
        {
            try { Look(file, settings, columns, formats); }
            catch (UnreadableFileException)
            {
                // It will be found again, and reported, when the file is read.
            }
        }
        return columns;
    }

    private static void Look(PlannedFile file, FileSettings settings, List<(string Name, ColumnFacts Facts)> columns, GivenFormats? formats)
    {
        var sample = Sample(file, settings);
        var bytes = sample.Bytes.Span[(int)Math.Min(sample.Bytes.Length, file.Layout!.DataOffset)..];
        var split = file.Layout.Splitter(settings.MaxRecordBytes).Split(bytes, sample.IsWhole);
        if (split.Records == 0) return;
        var targets = columns.Select(c => new TargetColumn(c.Name, ColumnType.Unknown)).ToList();
        var rows = new RowBuilder(targets, file.Layout.FindsFields) { Formats = formats };
        rows.StartChunk(file.Index, 1);
        file.Layout.Decoder(targets).Decode(bytes[..split.Consumed], file.Layout.DataOffset, sample.IsWhole, rows);
        rows.EndChunk(split.Records).Batch?.Dispose();
        var found = new List<(string Name, ColumnFacts Facts)>();
        rows.AddFacts([.. columns.Select(c => c.Facts)], found);
        columns.AddRange(found);
    }

    private static FileSample Sample(PlannedFile file, FileSettings settings) => Sample(file.File, settings);

    public static FileSample Sample(LandedFile file, FileSettings settings)
    {
        using var stream = file.Open(settings, null, CancellationToken.None);
        return FileSample.Of(stream);
    }
}
