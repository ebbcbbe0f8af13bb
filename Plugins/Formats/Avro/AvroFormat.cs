using System.Runtime.CompilerServices;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Formats.Avro;

/// <summary>Avro object container files. The schema in the file gives the columns and their types.</summary>
[Format("avro", Title = "Avro", Description = "Avro object container files, with the types of their own schema.", Endings = ["avro"])]
public sealed class AvroFormat(ConnectorContext<AvroSpec> context) : IBatchFormat
{
    private const int BatchRows = 8192;
    private const int BatchBytes = 16 << 20;

    public async IAsyncEnumerable<FormatBatch> ReadAsync(FormatFile file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var container = new AvroContainer(file.Open(), file.Zstd, context.Settings.MaxBlockBytes);
        if (container.IsEmpty) yield break;
        var root = AvroTypes.Compile(container.Schema);
        var rows = new AvroRows(root);
        var bad = new List<BadRecord>();
        long record = 0;
        var given = false;
        while (container.Next())
        {
            var at = new AvroCursor(container.Block);
            for (var i = 0L; i < container.Records; i++)
            {
                if ((record++ & 0xff) == 0) cancellationToken.ThrowIfCancellationRequested();
                var fault = container.BlockFault ?? rows.TryAdd(at);
                if (fault is not null)
                {
                    bad.Add(new BadRecord(record, "BROKEN_RECORD", fault, null, rows.Column));
                    // Records have no marks between them: behind a broken one the rest of its block cannot be found.
                    if (!at.IsSynchronized || container.BlockFault is not null)
                    {
                        var broken = record;
                        for (i++; i < container.Records; i++)
                        {
                            if (bad.Count >= BatchRows) yield return Take();
                            bad.Add(new BadRecord(++record, "LOST_RECORD", container.BlockFault ?? $"It stands behind record {broken} in a block that cannot be read further."));
                        }
                    }
                }
                if (rows.Length < BatchRows && bad.Count < BatchRows && rows.Bytes < BatchBytes) continue;
                yield return Take();
            }
            if (container.BlockFault is null && at.IsSynchronized && !at.IsAtEnd) throw new BrokenFileException("BROKEN_AVRO", $"A block has {at.Left} bytes behind its last record.", "Write the file again.");
        }
        if (!given || rows.Length > 0 || bad.Count > 0) yield return Take();
        await Task.CompletedTask.ConfigureAwait(false);

        FormatBatch Take()
        {
            given = true;
            var batch = new FormatBatch(rows.Build(), bad.Count == 0 ? null : [.. bad]);
            bad.Clear();
            return batch;
        }
    }
}

/// <summary>Makes batches of records, a column for each field.</summary>
internal sealed class AvroRows(AvroNode root)
{
    private readonly RecordBatchBuilder _builder = new(root.Columns);
    private long _bytes;

    public int Length => _builder.Length;
    public long Bytes => _bytes;

    /// <summary>The column at which the last broken record broke.</summary>
    public string? Column { get; private set; }

    /// <summary>Adds a record; says what is wrong with one that cannot be added.</summary>
    public string? TryAdd(AvroCursor at)
    {
        var start = at.Position;
        (Column, at.Fault) = (null, null);
        at.BeginRecord();
        var i = 0;
        try
        {
            for (; i < _builder.Columns.Count; i++)
            {
                root.ReadColumn(i, at, _builder.Columns[i]);
                if (at.Fault is not null) Column ??= root.Columns.FieldsList[i].Name;
            }
        }
        catch (InvalidDataException e)
        {
            (at.IsSynchronized, at.Fault, Column) = (false, e.Message, root.Columns.FieldsList[i].Name);
        }
        if (at.Fault is null)
        {
            _builder.EndRow();
            _bytes += at.Position - start + 16 * at.Parts;
            return null;
        }
        foreach (var column in _builder.Columns) column.Truncate(_builder.Length);
        return at.Fault;
    }

    public RecordBatch Build()
    {
        _bytes = 0;
        return _builder.Build();
    }
}
