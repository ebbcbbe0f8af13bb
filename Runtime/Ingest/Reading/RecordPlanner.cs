using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Csv;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Types;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Reading;

/// <summary>Decides how each file is read and which columns of which types are made of its records.</summary>
internal sealed class RecordPlanner(DuckSession session, IngestDefinition job, FormatSettings settings, string format, string temporary)
{
    /// <summary>Whether the field <c>_ff_op</c> of a record says what happened to it; it is read whatever the columns are.</summary>
    public bool TakesChanges { get; init; }

    /// <param name="files">The landed files.</param>
    /// <param name="existing">The table as it is, whose types the columns start from.</param>
    /// <param name="faults">Takes the files that cannot be read.</param>
    public ReadPlan Plan(IReadOnlyList<LandedFile> files, TableSnapshot? existing, Dictionary<int, UnreadableFileException> faults)
    {
        var planned = new List<PlannedFile>();
        for (var i = 0; i < files.Count; i++)
        {
            try { planned.Add(new PlannedFile(i, files[i], Layout(files[i]))); }
            catch (UnreadableFileException fault) { faults[i] = fault; }
        }
        if (job.SchemaMode == SchemaMode.User) return new ReadPlan(planned, TakesChanges ? [.. Declared(), Operation] : Declared(), false);
        var formats = GivenFormats.Of(settings.Csv.DateFormat, settings.Csv.TimestampFormat);
        var proposed = ColumnProposal.Propose(planned, settings.File, formats);
        var names = ColumnNaming.Tables([.. proposed.Select(c => c.Name)], job.RenameMap);
        var keepsTypes = existing is not null && job.KeepsTypes();
        var findsFields = (existing is null || job.Drift != DriftPolicy.Discard || job.DriftColumns.Values.Any(p => p != DriftPolicy.Discard)) && planned.Any(f => f.Layout is JsonFileLayout);
        var columns = new List<TargetColumn>();
        for (var i = 0; i < proposed.Count; i++)
        {
            if (TakesChanges && proposed[i].Name == RowSet.Operation)
            {
                columns.Add(Operation);
                continue;
            }
            var known = keepsTypes ? Existing(existing!, names[i]) : null;
            var discards = existing is not null && job.PolicyOf(names[i]) == DriftPolicy.Discard;
            var given = formats?.TypeOf(proposed[i].Facts);
            if (known is not null) columns.Add(new TargetColumn(proposed[i].Name, given?.Kind == known.Value.Type.Kind ? given : known.Value.Type, Declared: discards) { Known = known.Value.Facts });
            // With other rules beside it, a field that is left out must be known all the same, or it would be found anew in every pass.
            else if (!discards || findsFields || existing!.Schema.Find(names[i]) is not null) columns.Add(new TargetColumn(proposed[i].Name, given ?? Proposed(proposed[i].Facts)));
        }
        return new ReadPlan(planned, columns, findsFields);
    }

    private static TargetColumn Operation => new(RowSet.Operation, ColumnType.Parse("VARCHAR")!, Declared: true);

    private NestedSettings Nested => new(settings.File.Nested, settings.File.NestedDepth);

    private FileLayout? Layout(LandedFile file)
    {
        if (file.Picks is not null && !ArchiveMember.Exists(file.LocalPath))
        {
            if (!file.Picks.ReadsFile && format is "json" or "ndjson" or "jsonl") return new JsonFileLayout(new JsonLayout(JsonShape.Sequence, 0), Nested);
            throw new UnreadableFileException(RejectReasons.LandedFileGone, $"The landed file {Path.GetFileName(file.LocalPath)} is no longer there, and the record cannot be read without it.");
        }
        var sample = ColumnProposal.Sample(file, settings.File);
        if (file.Lines is not null) return sample.Bytes.Length == 0 ? null : new JsonFileLayout(new JsonLayout(JsonShape.Lines, 0), Nested);
        switch (format)
        {
            case "csv" or "tsv":
                var options = format == "tsv" && settings.Csv.Delimiter is null ? settings.Csv with { Delimiter = "\t" } : settings.Csv;
                // A declared schema knows how many columns there are; without a header they are taken in order.
                return CsvSniffer.Sniff(sample, options, settings.File.MaxRecordBytes, session, temporary) is { } csv ? new CsvFileLayout(csv) : null;
            case "json" or "ndjson" or "jsonl":
                return JsonLayout.Find(sample) is { } json ? new JsonFileLayout(json, Nested) : null;
            default:
                throw new JobFailedException("FF2010", $"Files of the format '{format}' cannot be read.", "Use csv, json, ndjson, parquet, or a format that an installed plugin reads (flowforge formats).");
        }
    }

    private List<TargetColumn> Declared() =>
    [
        // What is named inside an array belongs to the table of its elements.
        .. job.UserSchema.Where(c => !c.Name.Contains("[].", StringComparison.Ordinal) || settings.File.Nested != Formats.Json.Nested.Split).Select(c =>
        {
            var type = ColumnType.Parse(c.Type) ?? throw new JobFailedException("FF2113", $"Column '{c.Name}' of user_schema has the type {c.Type}, which texts cannot be read as.", "Use BOOLEAN, an integer, DOUBLE, DECIMAL(p,s), VARCHAR, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, UUID or JSON.");
            var pattern = c.Format ?? type.Kind switch { TypeKind.Date => settings.Csv.DateFormat, TypeKind.Timestamp or TypeKind.TimestampTz => settings.Csv.TimestampFormat, _ => null };
            try { if (pattern is not null) TimeFormat.Parse(pattern); }
            catch (FormatException e) { throw new JobFailedException("FF2113", $"Column '{c.Name}' of user_schema: {e.Message}", inner: e); }
            // Texts are read in any ISO form, or with an English month name.
            return new TargetColumn(c.Name, type with { Format = pattern, Order = DateOrders.YearMonthDay }, c.Nullable, Declared: true);
        }),
    ];

    private static ColumnType Proposed(ColumnFacts facts) => facts.IsEmpty ? ColumnType.Unknown : facts.Decide();

    /// <summary>A table column's type, and what is known of the values in it.</summary>
    private (ColumnType Type, ColumnFacts Facts)? Existing(TableSnapshot table, string name) =>
        table.Schema.Find(name) is { } column && ColumnType.Parse(column.DuckType) is { } type ? (type, job.WriteMode == Pipelines.WriteMode.Replace ? new ColumnFacts() : TableFacts.Of(session, table, column.Name, type)) : null;

    /// <summary>The plan for another pass, with types that hold every value of the pass before.</summary>
    public static ReadPlan Widen(ReadPlan plan, RecordPump pump, IJobLog log)
    {
        var (facts, found) = pump.Learned();
        var columns = new List<TargetColumn>();
        for (var i = 0; i < plan.Columns.Count; i++)
        {
            var column = plan.Columns[i];
            if (column.Known is { } known) facts[i].Merge(known);
            var keeps = column.Type.Format is not null && !facts[i].HasMisfit;
            var type = column.Declared || keeps || facts[i].IsEmpty ? column.Type : facts[i].Decide();
            if (type.Name != column.Type.Name) log.Info($"Column {column.Name} becomes {type.Name}: not every value is {column.Type.Name}.");
            columns.Add(column with { Type = type });
        }
        foreach (var (name, news) in found) columns.Add(new TargetColumn(name, Proposed(news)));
        return plan with { Columns = columns };
    }
}
