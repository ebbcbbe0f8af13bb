using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Log;

/// <summary>Which protocol a table needs, and whether this code fulfils a table's protocol. Raised only by what a table really uses.</summary>
internal static class TableFeatures
{
    public const string TimestampNtz = "timestampNtz";
    public const string DomainMetadata = "domainMetadata";

    // Features that are either fulfilled, or harmless while the table does not use them (which is checked apart).
    private static readonly FrozenSet<string> Readable = FrozenSet.ToFrozenSet(
        [TimestampNtz, ColumnMapping.Feature, "deletionVectors", "vacuumProtocolCheck", "v2Checkpoint", "typeWidening", "typeWidening-preview"], StringComparer.Ordinal);

    private static readonly FrozenSet<string> Writable = FrozenSet.ToFrozenSet(
        [TimestampNtz, DomainMetadata, "appendOnly", "invariants", "checkConstraints", "generatedColumns", "allowColumnDefaults", "changeDataFeed", "columnMapping",
         "identityColumns", "deletionVectors", "vacuumProtocolCheck", "v2Checkpoint", "inCommitTimestamp"], StringComparer.Ordinal);

    /// <summary>The least protocol that allows this schema and, where asked for, metadata domains; never less than <paramref name="current"/>.</summary>
    public static ProtocolAction Needed(TableSchema schema, bool domains, ProtocolAction? current)
    {
        var ntz = schema.Columns.Any(c => c.Type.Any(t => t.Equals(PrimitiveType.TimestampNtz)));
        if (!ntz && !domains) return current ?? new ProtocolAction(1, 2, null, null);
        var writer = new SortedSet<string>(current?.WriterFeatures ?? [], StringComparer.Ordinal);
        var reader = new SortedSet<string>(current?.ReaderFeatures ?? [], StringComparer.Ordinal);
        if (current is { MinWriterVersion: < 7 }) AddImplied(current, reader, writer);
        // What the reader's version number implied must be named where it gives way to names.
        if (ntz && current is { MinReaderVersion: 2 }) reader.Add(ColumnMapping.Feature);
        if (domains) writer.Add(DomainMetadata);
        if (ntz)
        {
            writer.Add(TimestampNtz);
            reader.Add(TimestampNtz);
        }
        var version = reader.Count > 0 ? 3 : current?.MinReaderVersion ?? 1;
        var needed = new ProtocolAction(version, 7, version == 3 ? [.. reader] : null, [.. writer]);
        return current is not null && Same(current, needed) ? current : needed;
    }

    /// <summary>The protocol with one more feature: by version number where that is enough, else by name.</summary>
    /// <param name="current">What the table needs now.</param>
    /// <param name="feature">The feature's name.</param>
    /// <param name="writer">The writer version that implies it.</param>
    /// <param name="reader">The reader version that implies it, when readers must know it.</param>
    public static ProtocolAction With(ProtocolAction current, string feature, int writer, int reader = 1)
    {
        if (current.MinWriterVersion < 7)
            return current.MinWriterVersion >= writer && current.MinReaderVersion >= reader ? current : current with { MinWriterVersion = Math.Max(writer, current.MinWriterVersion), MinReaderVersion = Math.Max(reader, current.MinReaderVersion) };
        if (current.WriterFeatures?.Contains(feature) == true && (reader == 1 || current.ReaderFeatures?.Contains(feature) == true)) return current;
        var writers = new SortedSet<string>(current.WriterFeatures ?? [], StringComparer.Ordinal) { feature };
        if (reader == 1) return current with { WriterFeatures = [.. writers] };
        var readers = new SortedSet<string>(current.ReaderFeatures ?? [], StringComparer.Ordinal) { feature };
        return new ProtocolAction(3, 7, [.. readers], [.. writers]);
    }

    /// <summary>Refuses a table that cannot be read rightly.</summary>
    public static void CheckReadable(LogState state, string table)
    {
        var protocol = state.Protocol;
        if (protocol.MinReaderVersion > 3) throw Refuse(table, $"needs Delta reader version {protocol.MinReaderVersion}", "read");
        var unknown = (protocol.ReaderFeatures ?? []).FirstOrDefault(f => !Readable.Contains(f));
        if (unknown is not null) throw Refuse(table, $"uses the Delta feature '{unknown}'", "read");
    }

    /// <summary>Refuses to write where a rule of the table would be broken.</summary>
    public static void CheckWritable(LogState state, string table, bool removesRows)
    {
        CheckReadable(state, table);
        var protocol = state.Protocol;
        if (protocol.MinWriterVersion > 7) throw Refuse(table, $"needs Delta writer version {protocol.MinWriterVersion}", "written");
        var unknown = (protocol.WriterFeatures ?? []).FirstOrDefault(f => !Writable.Contains(f));
        if (unknown is not null) throw Refuse(table, $"uses the Delta feature '{unknown}'", "written");
        if (state.Metadata is not { } metadata) return;
        foreach (var setting in (string[])["delta.enableChangeDataFeed", "delta.enableInCommitTimestamps", "delta.enableRowTracking"])
            if (IsTrue(metadata, setting)) throw Refuse(table, $"has {setting} = true", "written");
        if (removesRows && IsTrue(metadata, "delta.appendOnly"))
            throw new LakeException($"Table {table} allows appends only (delta.appendOnly = true); rows in it can be neither changed nor removed.");
        foreach (var column in metadata.Schema.Columns)
            foreach (var key in (string[])["delta.generationExpression", "CURRENT_DEFAULT", "delta.identity.start"])
                if (column.Metadata?.ContainsKey(key) == true) throw Refuse(table, $"has {key} on column {column.Name}", "written");
    }

    // A table that moves up to named features must keep those that its old version number implied.
    private static void AddImplied(ProtocolAction current, SortedSet<string> reader, SortedSet<string> writer)
    {
        (int Writer, string[] Features)[] implied =
            [(2, ["appendOnly", "invariants"]), (3, ["checkConstraints"]), (4, ["changeDataFeed", "generatedColumns"]), (5, ["columnMapping"]), (6, ["identityColumns"])];
        foreach (var (version, features) in implied)
            if (current.MinWriterVersion >= version) writer.UnionWith(features);
        if (current.MinReaderVersion == 2) reader.Add("columnMapping");
    }

    private static bool Same(ProtocolAction a, ProtocolAction b) =>
        a.MinReaderVersion == b.MinReaderVersion && a.MinWriterVersion == b.MinWriterVersion
        && new HashSet<string>(a.ReaderFeatures ?? []).SetEquals(b.ReaderFeatures ?? []) && new HashSet<string>(a.WriterFeatures ?? []).SetEquals(b.WriterFeatures ?? []);

    private static bool IsTrue(MetadataAction metadata, string setting) =>
        string.Equals(metadata.Configuration.GetValueOrDefault(setting, "false"), "true", StringComparison.OrdinalIgnoreCase);

    private static LakeException Refuse(string table, string reason, string verb) =>
        new($"Table {table} {reason}, so it cannot be {verb} here without breaking it. Use the tool that made it, or drop the feature there.");
}
