using System.Reflection;

namespace FlowForge.Pipelines;

/// <summary>Every diagnostic that a pipeline can get; <c>Runtime/docs/diagnostics.md</c> is this table.</summary>
public static class DiagnosticCodes
{
    // 10: the text
    public static readonly DiagnosticCode YamlSyntax = Error("FF1001", "Not YAML", "The text breaks YAML's rules, uses a tag, or an alias that does not exist. Nothing else can be said about the file until this is mended.");
    public static readonly DiagnosticCode JsonSyntax = Error("FF1002", "Not JSON", "The text begins as JSON and breaks its rules. Comments are allowed, trailing commas are not.");
    public static readonly DiagnosticCode TooLarge = Error("FF1003", "Too large or too deep", "The text is longer, deeper nested, or expands by aliases to more than any pipeline needs. Split it, or move SQL to files.");
    public static readonly DiagnosticCode SeveralDocuments = Error("FF1004", "More than one document", "A file holds one pipeline. Remove the '---' and put the rest into a file of its own.");
    public static readonly DiagnosticCode DuplicateKey = Error("FF1005", "Key given twice", "Two entries of one mapping have the same name; the first one counts. Remove or rename one.");
    public static readonly DiagnosticCode Empty = Error("FF1006", "Empty", "There is nothing but space and comments. A pipeline begins with its name.");

    // 11: the shape
    public static readonly DiagnosticCode UnknownField = Error("FF1101", "Unknown field", "No such field is known here. Usually a slip of the pen: the nearest known name is suggested.");
    public static readonly DiagnosticCode WrongType = Error("FF1102", "Wrong type", "A text, number, boolean, list or mapping stands where another of these is needed.");
    public static readonly DiagnosticCode MissingField = Error("FF1103", "Required field missing", "The field has no default and must be given.");
    public static readonly DiagnosticCode UnknownChoice = Error("FF1104", "Not one of the choices", "The field takes one of a few words.");
    public static readonly DiagnosticCode OutOfRange = Error("FF1105", "Number out of range", "The number is smaller or larger than the field allows.");
    public static readonly DiagnosticCode InvalidName = Error("FF1106", "Not a name", "Names become table names, folders and parts of SQL: lower-case letters, digits and _, beginning with a letter, up to 100 characters. Pipelines may also contain -.");
    public static readonly DiagnosticCode NothingToRun = Error("FF1107", "No jobs", "The pipeline has neither ingest jobs nor datasets.");
    public static readonly DiagnosticCode DuplicateTable = Error("FF1108", "Table made twice", "Two jobs make the same table. One table has one job.");
    public static readonly DiagnosticCode NoEffect = Warning("FF1109", "No effect", "The field is only read together with another one that is not set. Set that one, or remove this.");
    public static readonly DiagnosticCode DuplicateItem = Error("FF1110", "Listed twice", "The list names the same thing twice.");
    public static readonly DiagnosticCode InvalidDuration = Error("FF1111", "Not a duration", "Durations are a number with a unit: 30s, 5m, 2h, 1d.");
    public static readonly DiagnosticCode InvalidTime = Error("FF1112", "Not a time", "Times are ISO 8601: 2024-05-17 or 2024-05-17T02:00:00+02:00. Without an offset they are UTC.");
    public static readonly DiagnosticCode UnknownPlaceholder = Error("FF1113", "Unknown value", "${param.name} takes a parameter that the pipeline declares under 'parameters'; ${interval.start} and ${interval.end} take the run's data interval.");

    // 12: ingest jobs
    public static readonly DiagnosticCode UnknownSourceType = Error("FF1201", "Unknown source type", "source_type is the name of an installed connector or one of the aliases file_upload, file_local, file_s3, db_query, api, streaming, nosql.");
    public static readonly DiagnosticCode FormatRefused = Error("FF1202", "Format does not fit the source", "Files are csv, json, ndjson or parquet; an API gives json, ndjson or csv; databases hand over rows and have no format.");
    public static readonly DiagnosticCode NeedsWatermark = Error("FF1203", "Incremental without watermark", "incremental_mode: incremental reads what lies beyond a watermark, so it needs watermark_column.");
    public static readonly DiagnosticCode NeedsQuarantinePath = Error("FF1204", "Quarantine without path", "error_handling: quarantine keeps the rejected rows, so it needs quarantine_path.");
    public static readonly DiagnosticCode NeedsUserSchema = Error("FF1205", "User mode without schema", "schema_mode: user is a contract, so it needs user_schema with at least one column.");
    public static readonly DiagnosticCode NeedsPartitionColumn = Error("FF1206", "Partition column missing", "partition_mode: column needs partition_column (or the column's name as partition_pattern).");
    public static readonly DiagnosticCode InvalidPartitionPattern = Error("FF1207", "Partition pattern not understood", "A date pattern is made of yyyy, MM, dd and HH with / or - between, coarse before fine.");
    public static readonly DiagnosticCode InvalidFilenamePattern = Error("FF1208", "File name pattern not understood", "It knows {timestamp} and {filename}, must contain {filename} so that two files never meet, and makes a name, not a path.");
    public static readonly DiagnosticCode NeedsDedupeKeys = Error("FF1209", "Keys missing", "write_mode merge and scd2 find rows by dedupe_keys.");
    public static readonly DiagnosticCode ConfigIncomplete = Error("FF1210", "Source not described", "The settings under config do not say what to read: a path for files, a query or table for databases, a url for an API.");
    public static readonly DiagnosticCode UnknownColumnType = Error("FF1211", "Unknown column type", "Types are DuckDB's (BIGINT, DOUBLE, DECIMAL(10,2), VARCHAR, DATE, TIMESTAMP, STRUCT(…), INTEGER[] …) or the short names string, int, long, float, bool, datetime.");
    public static readonly DiagnosticCode RenameCollision = Error("FF1212", "Two columns get one name", "rename_map gives two columns the same name.");
    public static readonly DiagnosticCode UnsafePath = Error("FF1213", "Path leaves its folder", "A relative quarantine_path stays inside the lake's folder: no .. in it.");
    public static readonly DiagnosticCode FormatMissing = Error("FF1214", "Format missing", "The format of files is given by format, or by the ending of config.path.");
    public static readonly DiagnosticCode ReservedName = Error("FF1215", "Reserved name", "Columns that begin with _ff_ and tables that end in __rejects belong to FlowForge.");
    public static readonly DiagnosticCode SeveralTables = Error("FF1216", "Tables cannot be read so", "tables names many tables of a database or an API, each for a bronze table of its own: it excludes table_name and query, files, and two tables that would get one name.");
    public static readonly DiagnosticCode InvalidRejectLimit = Error("FF1217", "Not a limit", "max_rejects is a number of rows (100) or a share of them (2%).");
    public static readonly DiagnosticCode InvalidLagWindow = Error("FF1218", "Not a lag", "lag_window is a duration (15m, 2h, 1d) for a time watermark, or a number for a numeric one.");
    public static readonly DiagnosticCode DeletesNotSeen = Error("FF1219", "Deletes cannot be detected", "detect_deletes compares the keys of the whole source with those of the table: it needs write_mode merge or scd2, incremental_mode full, and a source that is read in full.");
    public static readonly DiagnosticCode DriftRefused = Error("FF1220", "Drift rule cannot hold", "drift and drift_columns say what happens when a source differs from its table: a column has one rule, and hold needs a landed copy that can wait (landing: copy).");
    public static readonly DiagnosticCode UnknownConnection = Error("FF1230", "Unknown connection", "The job names a connection that is neither made in the workbench nor written in a file under connections/ of the workspace.");
    public static readonly DiagnosticCode ConnectionMismatch = Error("FF1231", "Connection of another connector", "source_type names one connector and the connection belongs to another one.");
    public static readonly DiagnosticCode SettingRefused = Error("FF1232", "Setting refused by the connector", "The connector's description of its settings says that a setting is unknown, missing or out of its bounds. Settings of the connection count too.");
    public static readonly DiagnosticCode InvalidRateLimit = Error("FF1233", "Not a rate limit", "rate_limit of a connection is a number and a unit: 10/s, 600/m or 5000/h. Connectors that send no requests (file, webhook) take none.");
    public static readonly DiagnosticCode DeliveryUnclear = Error("FF1240", "Delivery not understood", "A delivery says which table (from), where to (to or connection), and which file, folder or table it writes there. mode: replace writes one file, mode: append adds files to a folder.");
    public static readonly DiagnosticCode CannotWrite = Error("FF1241", "Connector cannot write", "Deliveries need a connector that writes. The list of connectors says which do: their abilities have file_sink or sink.");

    // 13: datasets and checks
    public static readonly DiagnosticCode NeedsSql = Error("FF1301", "Dataset without SQL", "A dataset is made by sql, sql_file or notebook.");
    public static readonly DiagnosticCode TwoSqls = Error("FF1302", "SQL given twice", "sql and sql_file exclude each other.");
    public static readonly DiagnosticCode NeedsKeys = Error("FF1303", "Merge without keys", "mode: merge and mode: scd2 find rows by keys.");
    public static readonly DiagnosticCode NeedsTimeColumn = Error("FF1304", "Incremental without time", "mode: incremental replaces ranges of time, so it needs time_column.");
    public static readonly DiagnosticCode UnknownCheck = Error("FF1305", "Unknown check", "Checks are not_null, unique, accepted_values, range, row_count, regex, expression, foreign_key, sql, freshness and anomaly.");
    public static readonly DiagnosticCode InvalidCheck = Error("FF1306", "Check not understood", "The check lacks what it needs, or its bounds exclude every value.");
    public static readonly DiagnosticCode CannotQuarantine = Error("FF1307", "Check cannot quarantine", "row_count, sql, freshness and anomaly are about the table, not about rows that could be left out or set aside.");
    public static readonly DiagnosticCode CheckSqlSyntax = Error("FF1309", "SQL of a check does not parse", "The message is DuckDB's. An expression is a condition over one row, an sql check one SELECT over the table this and tables of the lake.");
    public static readonly DiagnosticCode InvalidMacro = Error("FF1310", "Macro not understood", "A macro is a name with its parameters (cents(x), recent(days := 30)) and a body: an expression over the parameters, or a SELECT to be used like a table.");
    public static readonly DiagnosticCode InvalidTest = Error("FF1311", "Test not understood", "A test names a dataset of the pipeline, gives rows of each table that it reads, and says which rows are expected. Rows are a list of mappings, or a SELECT.");
    public static readonly DiagnosticCode TwoMakers = Error("FF1312", "Notebook and SQL", "A dataset is made by SQL, perhaps with a transform, or by a notebook.");
    public static readonly DiagnosticCode DuplicateCheck = Warning("FF1308", "Check given twice", "The same check stands twice; its result is recorded once.");

    // 14: schedules
    public static readonly DiagnosticCode InvalidCron = Error("FF1401", "Cron not understood", "Five fields: minute hour day-of-month month day-of-week, each *, a value, a range a-b, a list a,b or a step */n; or @hourly, @daily, @weekly, @monthly, @yearly.");
    public static readonly DiagnosticCode UnknownTimezone = Error("FF1402", "Unknown time zone", "Zones have IANA names: Europe/Berlin, America/New_York, UTC.");
    public static readonly DiagnosticCode NeverRuns = Warning("FF1403", "Never runs", "No moment fits the schedule: a day that no month has, or an end before the start.");
    public static readonly DiagnosticCode TriggerUnclear = Error("FF1404", "Trigger not understood", "A trigger says either which ingest job's source is watched (arrival) or after which pipeline to run (after).");
    public static readonly DiagnosticCode UnknownTriggerJob = Error("FF1405", "No such job to watch", "arrival names an ingest job of the same pipeline.");
    public static readonly DiagnosticCode UnknownTriggerPipeline = Warning("FF1406", "No such pipeline yet", "after names a pipeline that is not saved. The trigger waits until it is.");
    public static readonly DiagnosticCode TriggerCycle = Error("FF1407", "Trigger cycle", "The pipelines run after each other in a circle and would never stop.");

    // 15: the plan
    public static readonly DiagnosticCode SqlSyntax = Error("FF1501", "SQL does not parse", "The message is DuckDB's. A dataset is one SELECT.");
    public static readonly DiagnosticCode UnknownTable = Error("FF1502", "Unknown table", "The SQL reads a table that no job of the pipeline makes and that is not in the lake.");
    public static readonly DiagnosticCode UnqualifiedTable = Error("FF1503", "Table without layer", "Tables are named with their layer: bronze.flights, silver.flights_clean.");
    public static readonly DiagnosticCode Cycle = Error("FF1504", "Cycle", "Datasets read each other in a circle, so none can be built first.");
    public static readonly DiagnosticCode AgainstTheLayers = Warning("FF1505", "Reads a later layer", "Silver reads gold. It works, but readers expect data to flow bronze, silver, gold.");
    public static readonly DiagnosticCode LandsOnly = Error("FF1506", "Input is landed only", "The ingest job has force_to_parquet: false, so it makes no bronze table to read.");
    public static readonly DiagnosticCode NotebookUnread = Error("FF1508", "Notebook not found", "The notebook could not be read. Its path starts at the workspace's notebooks folder, the ending .ipynb may be left out.");
    public static readonly DiagnosticCode UnknownNotebookParameter = Error("FF1509", "No such parameter of the notebook", "Parameters are set by the first cell with the tag parameters; a job can give other values of the same kind to these names alone.");
    public static readonly DiagnosticCode SqlFileUnread = Error("FF1507", "SQL file not found", "The file named by sql_file could not be read. The path starts at the pipeline's folder.");

    /// <summary>All codes, ordered.</summary>
    public static IReadOnlyList<DiagnosticCode> All { get; } = [.. typeof(DiagnosticCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(f => f.FieldType == typeof(DiagnosticCode))
        .Select(f => (DiagnosticCode)f.GetValue(null)!)
        .OrderBy(c => c.Code, StringComparer.Ordinal)];

    private static DiagnosticCode Error(string code, string title, string explanation) => new(code, DiagnosticSeverity.Error, title, explanation);

    private static DiagnosticCode Warning(string code, string title, string explanation) => new(code, DiagnosticSeverity.Warning, title, explanation);
}
