using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake;

namespace FlowForge.Ingest.Replay;

/// <summary>The rejects that a replay reads again, by the run that rejected them and by file.</summary>
internal sealed class OpenRejects(DuckDatabase database, TableSnapshot rejects, JobState state, RejectChoice choice, bool isParquet)
{
    // Their kept text is not what stood in the file.
    private readonly string _byNumber = isParquet ? "true" : $"(reason IN ('{RejectReasons.InvalidUtf8}', '{RejectReasons.CheckFailed}') OR landed_file LIKE '%.parquet')";

    private string Chosen =>
        $"{RejectsTable.WithStatus(rejects)} WHERE coalesce(status, '{RejectsTable.Open}') = '{RejectsTable.Open}' AND pipeline = {SqlText.Literal(state.Pipeline)} AND job = {SqlText.Literal(state.Job)} AND {RejectsTable.ChoiceSql(choice)}";

    /// <summary>The files with what is picked of them; oldest rejects first.</summary>
    public IReadOnlyList<(string Run, LandedFile File)> Files(CancellationToken ct)
    {
        using var session = database.Connect();
        var groups = session.Rows(
            $"""
            SELECT run_id, file, landed_file, record IS NULL AS whole, count(*), count(*) FILTER (WHERE {_byNumber} OR raw IS NULL), min(rejected_at) FROM {Chosen}
            GROUP BY ALL ORDER BY min(rejected_at), landed_file, whole
            """, ct);
        return [.. groups.Select(g => ((string)g[0]!, File((string)g[0]!, (string)g[1]!, (string)g[2]!, (bool)g[3]!, (long)g[4]!, (long)g[5]!, session, ct)))];
    }

    private LandedFile File(string run, string path, string landed, bool whole, long count, long byNumber, DuckSession session, CancellationToken ct)
    {
        var place = $"{Chosen} AND run_id = {SqlText.Literal(run)} AND landed_file = {SqlText.Literal(landed)} AND record IS NOT NULL";
        var numbers = whole || byNumber == 0 ? null
            : session.Rows($"SELECT record FROM {place} AND ({_byNumber} OR raw IS NULL) ORDER BY record", ct).Select(r => (long)r[0]!).ToArray();
        var picks = whole ? new RecordPicks(() => [], null, 1, true) { Run = run }
            : new RecordPicks(byNumber == count ? () => [] : () => Texts($"SELECT record, coalesce(byte_offset, 0), raw FROM {place} AND NOT ({_byNumber} OR raw IS NULL) ORDER BY record", ct), numbers ?? [], count, false) { Run = run };
        var file = new FileInfo(ArchiveMember.Parse(landed)?.Archive ?? landed);
        var seen = state.FilesSeen.LastOrDefault(f => f.Path == path);
        var size = file.Exists && picks.ReadsFile ? file.Length : 0;
        return new LandedFile(path, size, seen?.ETag, seen?.Modified, seen?.Sha256 ?? "", landed) { Picks = picks };
    }

    private IEnumerable<PickedText> Texts(string sql, CancellationToken ct)
    {
        using var session = database.Connect();
        using var reader = session.Query(sql, ct);
        while (reader.Next() is { } batch)
        {
            using (batch)
            {
                for (var r = 0; r < batch.Length; r++)
                    yield return new PickedText(Number(batch, 0, r), Number(batch, 1, r), Encoding.UTF8.GetBytes((string)batch.Column(2).GetObject(r)!));
            }
        }

        static long Number(RecordBatch batch, int column, int row) => Convert.ToInt64(batch.Column(column).GetObject(row), CultureInfo.InvariantCulture);
    }

    /// <summary>Whether a file that was read where it lies, and is needed again, has another content by now.</summary>
    public static bool HasChanged(LandedFile file, string landingFolder, JobState state)
    {
        if (!file.Picks!.ReadsFile || file.LocalPath.StartsWith(landingFolder, StringComparison.Ordinal) || !ArchiveMember.Exists(file.LocalPath)) return false;
        using var content = System.IO.File.OpenRead(ArchiveMember.Parse(file.LocalPath)?.Archive ?? file.LocalPath);
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        return state.FilesSeen.LastOrDefault(f => f.Path == file.Path || file.Path.StartsWith(f.Path + "!/", StringComparison.Ordinal))?.Sha256 != hash;
    }
}
