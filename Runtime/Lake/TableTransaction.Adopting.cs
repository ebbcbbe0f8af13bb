using System.Collections.Immutable;
using System.Globalization;
using FlowForge.Lake.Files;
using FlowForge.Lake.Log;
using FlowForge.Lake.Reading;
using FlowForge.Lake.Schema;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake;

public sealed partial class TableTransaction
{
    /// <summary>Takes finished files as they are, instead of writing their rows again. The files stay where they are, too.</summary>
    /// <param name="files">With the same reserved columns as the table's own files.</param>
    /// <param name="partitions">The value of each partition column for all rows of the files, as DuckDB shows integers, dates and texts; empty when the table has none.</param>
    /// <param name="options">As for <see cref="Write"/>; <see cref="WriteOptions.PartitionBy"/> names the partition columns, whose type is INTEGER.</param>
    /// <returns>Null when the files do not fit as they are (another type, another partitioning, names that stand for others, rules about rows): write their rows then.</returns>
    public IReadOnlyList<DataFile>? TryAdopt(IReadOnlyList<TableFile> files, IReadOnlyDictionary<string, string> partitions, WriteOptions options)
    {
        ObjectDisposedException.ThrowIf(done, this);
        // Files of others know nothing of physical names and ids.
        if (mapping.IsOn || written is not null || files.Any(f => f.Columns.Columns.Any(c => partitions.ContainsKey(c.Name)))) return null;
        var existing = options.Mode == CommitMode.Overwrite ? null : changedTypes ?? start?.Metadata?.Schema;
        if (existing is not null && (start?.Metadata is not { } metadata || !TakesAnyRow(metadata))) return null;
        // One schema of all files; each must have exactly its types.
        var columns = files.SelectMany(f => f.Columns.Columns).DistinctBy(c => c.Name, StringComparer.OrdinalIgnoreCase).Select(c => (c.Name, c.DuckType)).Concat((options.PartitionBy ?? []).Select(p => (p, "INTEGER"))).ToList();
        var schema = SchemaPlan.ForRows(table.Name, columns, existing, options.Schema);
        if (files.Any(f => f.Columns.Columns.Any(c => !schema.Find(c.Name)!.Type.Equals(c.Type) || schema.Find(c.Name)!.Name != c.Name))) return null;
        var partitionBy = Partitions(options, schema);
        if (!partitionBy.All(partitions.ContainsKey)) return null;

        lease ??= new WriterLease(table.Files);
        var values = partitionBy.ToImmutableSortedDictionary(p => p, p => (string?)partitions[p], StringComparer.Ordinal);
        var folder = partitionBy.Count == 0 ? "" : FilePaths.PartitionFolder(partitionBy.Select(p => KeyValuePair.Create(p, values[p])));
        foreach (var file in files.Where(f => f.Rows > 0))
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"part-{writes:D3}-{staged.Count:D5}-{lease.Id}.parquet");
            var local = Path.Combine(lease.Folder, name);
            Durable.LinkOrCopy(file.LocalPath, local);
            var facts = new FileInfo(local);
            var tags = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add(ScanSql.ColumnsTag, ScanSql.Fingerprint(file.Columns, []));
            var path = string.IsNullOrEmpty(folder) ? name : $"{folder}/{name}";
            staged.Add(new StagedFile(new DataFile(FilePaths.Encode(path), values, facts.Length, new DateTimeOffset(facts.LastWriteTimeUtc).ToUnixTimeMilliseconds(), file.Statistics, tags), local));
        }
        writes++;
        written = schema;
        writtenPartitions = partitionBy;
        return [.. staged.Select(s => s.File)];
    }

    // Rules about rows are looked at when rows are written.
    private static bool TakesAnyRow(MetadataAction metadata) =>
        !metadata.Configuration.Keys.Any(k => k.StartsWith("delta.constraints.", StringComparison.Ordinal))
        && metadata.Schema.Columns.All(c => c.Nullable && (c.Metadata is null || !c.Metadata.Keys.Any(k => k is "delta.invariants" or "delta.generationExpression")));
}
