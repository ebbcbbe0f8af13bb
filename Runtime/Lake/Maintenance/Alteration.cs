using System.Collections.Immutable;
using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake.Log;
using FlowForge.Lake.Schema;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake.Maintenance;

/// <summary>Commits changes of a table's schema and rules. The rows that are there are held against new rules before.</summary>
internal sealed class Alteration(LakeTable table, DuckSession session, bool allowUpgrade)
{
    private const int Attempts = 20;

    public long Run(IReadOnlyList<TableAlteration> alterations, IReadOnlyDictionary<string, string> info, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var latest = table.Log.Latest() ?? throw new LakeException($"Table {table.Name} does not exist, so there is nothing to change.");
            TableFeatures.CheckWritable(latest, table.Name, removesRows: false);
            var (metadata, protocol) = (latest.Metadata!, latest.Protocol);
            foreach (var alteration in alterations) (metadata, protocol) = Apply(alteration, metadata, protocol);
            CheckRows(latest, metadata, protocol, ct);
            using var lease = new WriterLease(table.Files);
            var now = latest.LastCommitted >= DateTimeOffset.UtcNow ? latest.LastCommitted.AddMilliseconds(1) : DateTimeOffset.UtcNow;
            var actions = new List<LogAction> { CommitNote.Of(alterations[0].Operation, now.ToUnixTimeMilliseconds(), [], latest.Version, lease.Id, info) };
            if (protocol != latest.Protocol) actions.Add(protocol);
            actions.Add(metadata);
            if (!new EntryPlace(table, lease.Id).Put(latest.Version + 1, ActionJson.Write(actions))) continue;
            var state = latest.Apply(latest.Version + 1, actions);
            table.Log.Remember(state);
            if (state.Version % CheckpointFile.Interval == 0) table.TryCheckpoint(state, now);
            return state.Version;
        }
        throw new LakeException($"Table {table.Name} could not be changed: other commits kept coming first. Stop its jobs and try again.");
    }

    private (MetadataAction, ProtocolAction) Apply(TableAlteration alteration, MetadataAction metadata, ProtocolAction protocol)
    {
        switch (alteration)
        {
            case TableAlteration.RenameColumn rename:
                (metadata, protocol) = Mapped(metadata, protocol, $"Column '{rename.From}' cannot get another name");
                var old = Column(metadata, rename.From);
                if (metadata.Schema.Find(rename.To) is { } taken && taken.Name != old.Name) throw new LakeException($"Table {table.Name} has a column '{taken.Name}' already.");
                Free(metadata, old.Name, "get another name");
                return (metadata with
                {
                    Schema = new TableSchema(metadata.Schema.Columns.Select(c => c.Name == old.Name ? c with { Name = rename.To } : c), anyNames: true),
                    PartitionColumns = [.. metadata.PartitionColumns.Select(p => p.Equals(old.Name, StringComparison.OrdinalIgnoreCase) ? rename.To : p)],
                }, protocol);
            case TableAlteration.DropColumn drop:
                (metadata, protocol) = Mapped(metadata, protocol, $"Column '{drop.Name}' cannot be taken out");
                var gone = Column(metadata, drop.Name);
                if (metadata.PartitionColumns.Contains(gone.Name, StringComparer.OrdinalIgnoreCase)) throw new LakeException($"Table {table.Name} is partitioned by '{gone.Name}', so the column cannot be taken out. Overwrite the table with other partitions.");
                if (metadata.Schema.Columns.Count - metadata.PartitionColumns.Length == 1) throw new LakeException($"'{gone.Name}' is the last column of {table.Name} that is in its files; it cannot be taken out.");
                Free(metadata, gone.Name, "be taken out");
                return (metadata with { Schema = new TableSchema(metadata.Schema.Columns.Where(c => c.Name != gone.Name), anyNames: true) }, protocol);
            case TableAlteration.MoveColumn move:
                var moved = Column(metadata, move.Name);
                var others = metadata.Schema.Columns.Where(c => c.Name != moved.Name).ToList();
                others.Insert(move.After is null ? 0 : others.IndexOf(Column(metadata, move.After)) + 1, moved);
                return (metadata with { Schema = new TableSchema(others, anyNames: true) }, protocol);
            case TableAlteration.SetNotNull set:
                var demanded = Column(metadata, set.Name);
                return (metadata with { Schema = new TableSchema(metadata.Schema.Columns.Select(c => c.Name == demanded.Name ? c with { Nullable = !set.NotNull } : c), anyNames: true) }, protocol);
            case TableAlteration.AddConstraint add:
                if (metadata.Configuration.ContainsKey(RowRules.ConstraintPrefix + add.Name)) throw new LakeException($"Table {table.Name} has a constraint '{add.Name}' already. Drop it first.");
                if (SqlExpressions.Problem(RowRules.Readable(add.Expression)) is { } wrong) throw new LakeException($"The expression '{add.Expression}' is no condition over the columns of a row: {wrong}. Write a condition such as: amount > 0.");
                return (metadata with { Configuration = metadata.Configuration.Add(RowRules.ConstraintPrefix + add.Name, add.Expression) }, TableFeatures.With(protocol, "checkConstraints", writer: 3));
            case TableAlteration.DropConstraint drop:
                if (!metadata.Configuration.ContainsKey(RowRules.ConstraintPrefix + drop.Name)) throw new LakeException($"Table {table.Name} has no constraint '{drop.Name}'.");
                return (metadata with { Configuration = metadata.Configuration.Remove(RowRules.ConstraintPrefix + drop.Name) }, protocol);
            case TableAlteration.SetAppendOnly set:
                return (metadata with { Configuration = set.AppendOnly ? metadata.Configuration.SetItem("delta.appendOnly", "true") : metadata.Configuration.Remove("delta.appendOnly") }, TableFeatures.With(protocol, "appendOnly", writer: 2));
            default:
                throw new ArgumentException($"Unknown change {alteration}.", nameof(alteration));
        }
    }

    private TableColumn Column(MetadataAction metadata, string name)
    {
        var column = metadata.Schema.Find(name) ?? throw new LakeException($"Table {table.Name} has no column '{name}'. Its columns: {string.Join(", ", metadata.Schema.Columns.Where(c => !c.IsReserved).Select(c => c.Name))}.");
        return column.IsReserved ? throw new LakeException($"Column '{name}' belongs to FlowForge and stays as it is.") : column;
    }

    private void Free(MetadataAction metadata, string column, string what)
    {
        if (new RowRules(table.Name, metadata).Naming(column) is { } rule) throw new LakeException($"Column '{column}' of {table.Name} cannot {what}: {rule} names it. Drop that first.");
    }

    // Physical names are the names of now, as files are there.
    private (MetadataAction, ProtocolAction) Mapped(MetadataAction metadata, ProtocolAction protocol, string cannot)
    {
        if (ColumnMapping.Of(protocol, metadata).IsOn) return (metadata, protocol);
        if (!allowUpgrade)
            throw new LakeException($"{cannot} without column mapping, which {table.Name} does not use yet: older Delta readers cannot read such a table. Allow the upgrade, or write the table anew under another schema.");
        var ids = new ColumnIds(metadata, keepNames: true);
        var schema = ids.Assign(metadata.Schema);
        return (metadata with
        {
            Schema = schema,
            Configuration = metadata.Configuration.SetItem(ColumnMapping.ModeKey, "name").SetItem(ColumnMapping.MaxIdKey, ids.Greatest.ToString(CultureInfo.InvariantCulture)),
        }, TableFeatures.With(protocol, ColumnMapping.Feature, writer: 5, reader: 2));
    }

    private void CheckRows(LogState latest, MetadataAction metadata, ProtocolAction protocol, CancellationToken ct)
    {
        var rules = new RowRules(table.Name, metadata);
        if (rules.IsEmpty || latest.Files.IsEmpty) return;
        var snapshot = new TableSnapshot(latest with { Metadata = metadata, Protocol = protocol }, table.Files, table.Name);
        rules.Check(session, snapshot.ScanSql(withReserved: true), metadata.Schema, ct);
    }
}
