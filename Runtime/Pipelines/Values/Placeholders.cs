using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FlowForge.Pipelines;

/// <summary>
/// <c>${param.name}</c>, <c>${interval.start}</c> and <c>${interval.end}</c> in a pipeline's SQL and in an ingest job's <c>filter</c> and <c>config</c>. Other
/// <c>${…}</c> (secrets) are not looked at. Pure.
/// </summary>
public static partial class Placeholders
{
    /// <summary>Names of the variables that a dataset's SQL sees beside the parameters.</summary>
    public const string IntervalStart = "interval_start", IntervalEnd = "interval_end";

    private static readonly string[] Interval = ["interval.start", "interval.end"];

    /// <summary>Settings whose text is SQL of the source: values become literals there.</summary>
    private static readonly HashSet<string> SqlSettings = new(StringComparer.OrdinalIgnoreCase) { "query", "sql", "where", "filter", "condition" };

    /// <summary>What is asked for that does not exist; one finding for each place.</summary>
    public static IReadOnlyList<Diagnostic> Check(PipelineDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var findings = new DiagnosticList();
        string[] known = [.. Interval, .. definition.Parameters.Keys.Select(p => "param." + p)];
        foreach (var dataset in definition.Datasets) Look(dataset.Sql, $"{dataset.Table}.sql", dataset.SqlLine ?? dataset.Line);
        foreach (var dataset in definition.Datasets.Where(d => d.Notebook is not null))
            foreach (var (name, value) in dataset.Notebook!.Parameters) Look(value, $"{dataset.Table}.parameters.{name}", dataset.Line);
        foreach (var job in definition.Notebooks)
            foreach (var (name, value) in job.Notebook.Parameters) Look(value, $"notebooks.{job.Name}.parameters.{name}", job.Line);
        foreach (var delivery in definition.Deliveries)
            foreach (var text in Texts(delivery.Config).Append(delivery.Path)) Look(text, $"deliveries.{delivery.Name}", delivery.Line);
        foreach (var macro in definition.Macros) Look(macro.Body, $"macros.{macro.Name}", macro.Line);
        foreach (var job in definition.Ingest)
        {
            Look(job.Filter, $"ingest.{job.Name}.filter", job.Line);
            foreach (var (name, sql) in job.Computed) Look(sql, $"ingest.{job.Name}.computed.{name}", job.Line);
            foreach (var text in Texts(job.Config)) Look(text, $"ingest.{job.Name}.config", job.Line);
        }
        return findings.Ordered();

        void Look(string? text, string path, int line)
        {
            foreach (var name in Names(text).Except(known, StringComparer.Ordinal))
                findings.Add(DiagnosticCodes.UnknownPlaceholder, new TextPlace(line, 1), path, $"There is no value '${{{name}}}'.",
                    Nearest.Of(name, known) is { } nearest ? $"Did you mean '${{{nearest}}}'?" : $"Known: {string.Join(", ", known.Select(k => $"${{{k}}}"))}.");
        }
    }

    /// <summary>Whether a run of the pipeline needs a data interval.</summary>
    public static bool NeedsInterval(PipelineDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        return definition.Macros.Any(m => Asks(m.Body)) || definition.Datasets.Any(d => InSql(d.Sql))
            || Uses(definition).Any(n => n.Parameters.Values.Any(Asks))
            || definition.Deliveries.Any(d => Asks(d.Path) || Texts(d.Config).Any(Asks))
            || definition.Ingest.Any(i => Asks(i.Filter) || i.Computed.Values.Any(Asks) || Texts(i.Config).Any(Asks));
    }

    /// <summary>Whether the rows of a dataset depend on the data interval: by its SQL, by a macro that it names, or by a parameter of its notebook.</summary>
    public static bool NeedsInterval(DatasetDefinition dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return InSql(dataset.Sql) || dataset.Notebook?.Parameters.Values.Any(Asks) == true
            || dataset.Macros.Any(m => InSql(m.Body) && dataset.Sql?.Contains(m.Name, StringComparison.OrdinalIgnoreCase) == true);
    }

    private static bool Asks(string? text) => Names(text).Any(n => Interval.Contains(n, StringComparer.Ordinal));

    private static bool InSql(string? sql) =>
        Asks(sql) || sql?.Contains("'" + IntervalStart, StringComparison.OrdinalIgnoreCase) == true || sql?.Contains("'" + IntervalEnd, StringComparison.OrdinalIgnoreCase) == true;

    private static IEnumerable<NotebookUse> Uses(PipelineDefinition definition) => definition.Datasets.Select(d => d.Notebook).OfType<NotebookUse>().Concat(definition.Notebooks.Select(n => n.Notebook));

    /// <summary>The values of a notebook's own parameters in a run: those of the job, and for names that it leaves out those of the run that the notebook knows too.</summary>
    /// <param name="notebook">As it was parsed, with its file read.</param>
    /// <param name="parameters">Of the run, defaults filled in.</param>
    /// <param name="interval">Null when the run has none.</param>
    public static IReadOnlyDictionary<string, string> Fill(NotebookUse notebook, IReadOnlyDictionary<string, string> parameters, (DateTimeOffset Start, DateTimeOffset End)? interval)
    {
        ArgumentNullException.ThrowIfNull(notebook);
        var values = Values(parameters, interval);
        var filled = notebook.Parameters.ToDictionary(p => p.Key, p => InText(p.Value, values), StringComparer.Ordinal);
        foreach (var name in notebook.Source?.Parameters ?? [])
            if (parameters.TryGetValue(name, out var value)) filled.TryAdd(name, value);
        return filled;
    }

    /// <summary>Datasets' SQL with each placeholder as a <c>getvariable(…)</c>, so that it parses and plans without values.</summary>
    public static PipelineDefinition WithVariables(PipelineDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        MacroDefinition[] macros = [.. definition.Macros.Select(m => m with { Body = InDatasetSql(m.Body) })];
        return definition with { Macros = macros, Datasets = [.. definition.Datasets.Select(d => d with { Macros = macros, Sql = d.Sql is { } sql && sql.Contains("${", StringComparison.Ordinal) ? InDatasetSql(sql) : d.Sql })] };
    }

    /// <summary>The job with the values of a run in <c>filter</c>, <c>computed</c> and <c>config</c>: literals in SQL, plain text elsewhere (times as <c>2024-05-17T00:00:00Z</c>).</summary>
    /// <param name="job">As it was parsed.</param>
    /// <param name="parameters">Of the run, defaults filled in.</param>
    /// <param name="interval">Null when the run has none; the caller has made sure that none is asked for.</param>
    public static IngestDefinition Fill(IngestDefinition job, IReadOnlyDictionary<string, string> parameters, (DateTimeOffset Start, DateTimeOffset End)? interval)
    {
        ArgumentNullException.ThrowIfNull(job);
        var values = Values(parameters, interval);
        return job with { Filter = job.Filter is { } filter ? InSql(filter, values) : null, Computed = job.Computed.ToDictionary(c => c.Key, c => InSql(c.Value, values)), Config = (JsonObject)Filled(job.Config, null, values)! };
    }

    /// <summary>The delivery with the values of a run in <c>path</c> and <c>config</c>.</summary>
    public static DeliveryDefinition Fill(DeliveryDefinition delivery, IReadOnlyDictionary<string, string> parameters, (DateTimeOffset Start, DateTimeOffset End)? interval)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        var values = Values(parameters, interval);
        return delivery with { Path = delivery.Path is { } path ? InText(path, values) : null, Config = (JsonObject)Filled(delivery.Config, null, values)! };
    }

    private static Dictionary<string, string> Values(IReadOnlyDictionary<string, string> parameters, (DateTimeOffset Start, DateTimeOffset End)? interval)
    {
        var values = parameters.ToDictionary(p => "param." + p.Key, p => p.Value, StringComparer.Ordinal);
        if (interval is { } time) (values["interval.start"], values["interval.end"]) = (Text(time.Start), Text(time.End));
        return values;
    }

    /// <summary>A dataset's SQL with each placeholder as a variable.</summary>
    public static string InDatasetSql(string sql) => Replace(sql, quoted: true, name => $"getvariable('{name.Replace("param.", "", StringComparison.Ordinal).Replace('.', '_')}')", v => $"'||{v}||'");

    /// <summary>SQL of a source with each known placeholder as a literal; inside quotes as a part of the text. Unknown ones stay.</summary>
    public static string InSql(string sql, IReadOnlyDictionary<string, string> values) =>
        Replace(sql, quoted: true, name => values.TryGetValue(name, out var v) ? $"'{v.Replace("'", "''", StringComparison.Ordinal)}'" : null, literal => literal[1..^1]);

    internal static string InText(string text, IReadOnlyDictionary<string, string> values) => Replace(text, quoted: false, name => values.GetValueOrDefault(name), v => v);

    private static JsonNode? Filled(JsonNode? node, string? setting, IReadOnlyDictionary<string, string> values) => node switch
    {
        JsonObject map => new JsonObject(map.Select(e => KeyValuePair.Create(e.Key, Filled(e.Value, e.Key, values)))),
        JsonArray list => new JsonArray([.. list.Select(item => Filled(item, setting, values))]),
        JsonValue value when value.TryGetValue<string>(out var text) && text.Contains("${", StringComparison.Ordinal) =>
            JsonValue.Create(setting is not null && SqlSettings.Contains(setting) ? InSql(text, values) : InText(text, values)),
        _ => node?.DeepClone(),
    };

    /// <param name="quoted">Whether the text is SQL, in which single quotes open and close texts.</param>
    /// <param name="value">Null leaves the placeholder as it stands.</param>
    /// <param name="insideQuotes">The value's form inside a SQL text.</param>
    private static string Replace(string text, bool quoted, Func<string, string?> value, Func<string, string> insideQuotes)
    {
        var result = new StringBuilder(text.Length);
        var (at, inside) = (0, false);
        foreach (Match match in Pattern().Matches(text))
        {
            var before = text.AsSpan(at, match.Index - at);
            if (quoted && before.Count('\'') % 2 == 1) inside = !inside;
            result.Append(before);
            result.Append(value(match.Groups[1].Value) is not { } found ? match.Value : inside ? insideQuotes(found) : found);
            at = match.Index + match.Length;
        }
        return result.Append(text.AsSpan(at)).ToString();
    }

    private static IEnumerable<string> Names(string? text) => text is null ? [] : Pattern().Matches(text).Select(m => m.Groups[1].Value).Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(e => Texts(e.Value)),
        JsonArray list => list.SelectMany(Texts),
        JsonValue value when value.TryGetValue<string>(out var text) => [text],
        _ => [],
    };

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(time.Ticks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\$\{((?:param|interval)\.[A-Za-z0-9_.-]+)\}", RegexOptions.CultureInvariant, 30_000)]
    private static partial Regex Pattern();
}
