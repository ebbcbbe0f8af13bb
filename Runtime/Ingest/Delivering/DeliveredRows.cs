using System.Diagnostics;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Lake;
using FlowForge.Plugins.Shared;

namespace FlowForge.Ingest.Delivering;

/// <summary>Writes rows of a table version into a file of this machine, in memory that does not grow with them.</summary>
internal sealed class DeliveredRows(DuckFactory duck, string folder, IProgress<JobProgress> progress)
{
    /// <summary>Writes the rows of some of the table's files.</summary>
    /// <param name="name">Of the file to be; its ending says how it is packed.</param>
    /// <returns>The file, and the rows that were written, which are as many as the table's log says.</returns>
    public async Task<(string Path, long Rows)> WriteAsync(TableSnapshot table, IReadOnlyList<DataFile> files, string format, string name, CancellationToken ct)
    {
        var path = Path.Combine(folder, Guid.NewGuid().ToString("n"));
        using var lease = await duck.LeaseAsync("delivery", null, ct).ConfigureAwait(false);
        using var session = lease.Database.Connect();
        long? expected = files.All(f => f.Rows is not null) ? files.Sum(f => f.Rows!.Value) : null;
        var rows = await Task.Run(() => Copy(session, $"COPY (SELECT * FROM {table.ScanSql(files)}) TO {SqlText.Literal(path)} ({Options(format, name)})", expected, ct), ct).ConfigureAwait(false);
        expected ??= (await Task.Run(() => Count(session, $"SELECT count(*) FROM {table.ScanSql(files)}", ct), ct).ConfigureAwait(false));
        if (rows != expected) throw new JobFailedException("FF2304", $"{rows} rows were written, and version {table.Version} has {expected}.", "This is a defect: report it with the run's log. Nothing was delivered.");
        return (path, rows);
    }

    /// <summary>Opens the rows of some of the table's files as a stream of batches; dispose it.</summary>
    public Task<OpenRows> OpenAsync(TableSnapshot table, IReadOnlyList<DataFile> files, CancellationToken ct) => OpenAsync(session =>
    {
        var expected = files.All(f => f.Rows is not null) ? files.Sum(f => f.Rows!.Value) : Count(session, $"SELECT count(*) FROM {table.ScanSql(files)}", ct);
        return ($"SELECT * FROM {table.ScanSql(files)}", expected, null);
    }, ct);

    /// <summary>Opens what happened to the rows between two versions, by key; dispose it.</summary>
    /// <param name="changed">The files in which it happened.</param>
    public Task<OpenRows> OpenChangesAsync(TableSnapshot table, TableSnapshot before, (IReadOnlyList<DataFile> Gone, IReadOnlyList<DataFile> Came) changed, IReadOnlyList<string> keys, string name, CancellationToken ct) => OpenAsync(session =>
    {
        progress.Report(new JobProgress("comparing", 0, null, 0, null, 0));
        return ChangedRows.Find(session, table, before, changed, keys, name, ct);
    }, ct);

    private async Task<OpenRows> OpenAsync(Func<DuckSession, (string Sql, long Expected, string? What)> find, CancellationToken ct)
    {
        var lease = await duck.LeaseAsync("delivery", null, ct).ConfigureAwait(false);
        DuckSession? session = null;
        try
        {
            session = lease.Database.Connect();
            return await Task.Run(() =>
            {
                var (sql, expected, what) = find(session);
                return new OpenRows(lease, session, session.Query(sql, ct), expected, what, progress);
            }, ct).ConfigureAwait(false);
        }
        catch
        {
            session?.Dispose();
            lease.Dispose();
            throw;
        }
    }

    /// <summary>The file as a stream that tells how far it was read.</summary>
    public Stream Open(string path, long rows) => new ToldStream(File.OpenRead(path), rows, progress);

    private long Copy(DuckSession session, string sql, long? total, CancellationToken ct)
    {
        session.TrackProgress();
        var began = Stopwatch.GetTimestamp();
        progress.Report(new JobProgress("writing", 0, total, 0, null, 0));
        using var timer = new Timer(_ => Tell(), null, 500, 500);
        return session.Execute(sql, ct);

        void Tell()
        {
            try
            {
                var rows = session.RowsProcessed;
                progress.Report(new JobProgress("writing", rows, total, 0, null, rows / Stopwatch.GetElapsedTime(began).TotalSeconds));
            }
            catch (ObjectDisposedException)
            {
                // The session ended between two ticks.
            }
        }
    }

    private static long Count(DuckSession session, string sql, CancellationToken ct)
    {
        using var reader = session.Query(sql, ct);
        using var batch = reader.Next()!;
        return ((Columnar.Int64Array)batch.Column(0)).GetValue(0)!.Value;
    }

    private static string Options(string format, string name)
    {
        var packing = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? ", COMPRESSION gzip" : name.EndsWith(".zst", StringComparison.OrdinalIgnoreCase) ? ", COMPRESSION zstd" : "";
        return format switch
        {
            "parquet" => "FORMAT parquet, COMPRESSION snappy",
            "csv" => $"FORMAT csv, HEADER true, DELIMITER '{(name.Contains(".tsv", StringComparison.OrdinalIgnoreCase) ? "\t" : ",")}'{packing}",
            _ => $"FORMAT json{packing}",
        };
    }

    /// <summary>Reports at most a few times a second; the receiver thins out.</summary>
    private sealed class ToldStream(FileStream inner, long rows, IProgress<JobProgress> progress) : ReadingStream(inner)
    {
        private readonly long _began = Stopwatch.GetTimestamp();
        private long _told;

        public override long Length => inner.Length;

        public override int Read(Span<byte> buffer) => Told(inner.Read(buffer));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Told(await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        private int Told(int read)
        {
            if (_told == 0 || read == 0 || Stopwatch.GetElapsedTime(_told) > TimeSpan.FromMilliseconds(400))
            {
                _told = Stopwatch.GetTimestamp();
                progress.Report(new JobProgress("delivering", rows, rows, inner.Position, inner.Length, rows / Math.Max(0.001, Stopwatch.GetElapsedTime(_began).TotalSeconds)));
            }
            return read;
        }
    }
}
