using System.Text;
using FlowForge.Columnar;

namespace FlowForge.Ingest.Rejects;

/// <summary>Keeps rejects on disk until the rejects table is written, so that any number of them fits. One thread at a time.</summary>
internal sealed class RejectSpool(string folder) : IDisposable
{
    private const int EvidenceRows = 20;
    private const int BatchRows = 4096;
    private readonly string _path = Path.Combine(folder, $"rejects-{Guid.NewGuid():n}.bin");
    private readonly Dictionary<string, long> _byReason = [];
    private readonly Dictionary<int, long> _byFile = [];
    private readonly List<Reject> _evidence = [];
    private BinaryWriter? _writer;

    public long Count { get; private set; }
    public IReadOnlyDictionary<string, long> ByReason => _byReason;
    /// <summary>The first rejects, for the log.</summary>
    public IReadOnlyList<Reject> Evidence => _evidence;

    /// <summary>Rejects of one file.</summary>
    public long OfFile(int file) => _byFile.GetValueOrDefault(file);

    public void Add(Reject reject)
    {
        _writer ??= new BinaryWriter(new FileStream(_path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, 1 << 16), Encoding.UTF8);
        _writer.Write(reject.File);
        _writer.Write(reject.Record ?? -1);
        _writer.Write(reject.Offset ?? -1);
        _writer.Write(reject.Reason);
        _writer.Write(reject.Message);
        WriteText(reject.Column);
        WriteText(reject.Raw);
        Count++;
        _byReason[reject.Reason] = _byReason.GetValueOrDefault(reject.Reason) + 1;
        _byFile[reject.File] = _byFile.GetValueOrDefault(reject.File) + 1;
        if (_evidence.Count < EvidenceRows) _evidence.Add(reject);
    }

    private void WriteText(string? text)
    {
        _writer!.Write(text is not null);
        if (text is not null) _writer.Write(text);
    }

    public static readonly Schema Schema = new(
    [
        new Field("file", Int32Type.Default, false), new Field("record", Int64Type.Default), new Field("byte_offset", Int64Type.Default),
        new Field("reason", StringType.Default, false), new Field("message", StringType.Default, false), new Field("column_name", StringType.Default), new Field("raw", StringType.Default),
    ]);

    /// <summary>All rejects as batches; nothing may be added afterwards.</summary>
    public IEnumerable<RecordBatch> Batches()
    {
        _writer?.Flush();
        if (Count == 0) yield break;
        using var reader = new BinaryReader(new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16), Encoding.UTF8);
        var builder = new RecordBatchBuilder(Schema);
        long bytes = 0;
        for (var i = 0L; i < Count; i++)
        {
            var reject = Read(reader);
            bytes += reject.Raw?.Length ?? 0;
            builder.AppendRow(reject.File, reject.Record, reject.Offset, reject.Reason, reject.Message, reject.Column, reject.Raw);
            if (builder.Length < BatchRows && bytes < 16 << 20) continue;
            bytes = 0;
            yield return builder.Build();
        }
        if (builder.Length > 0) yield return builder.Build();
    }

    private static Reject Read(BinaryReader reader)
    {
        var file = reader.ReadInt32();
        var (record, offset) = (reader.ReadInt64(), reader.ReadInt64());
        return new Reject(file, record < 0 ? null : record, offset < 0 ? null : offset, reader.ReadString(), reader.ReadString(), Text(reader), Text(reader));
    }

    private static string? Text(BinaryReader reader) => reader.ReadBoolean() ? reader.ReadString() : null;

    public void Dispose()
    {
        _writer?.Dispose();
        File.Delete(_path);
    }
}
