using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost.Functions;

namespace FlowForge.Datasets.Rebuild;

/// <summary>
/// What a dataset's table was made from: a hash of its SQL (with the macros that it calls), one of its settings, the values of the run that the SQL asks for, the code of the plugins whose functions it calls, and the
/// version of each input. It lies in the table's state, so that it is true exactly when the rows are.
/// </summary>
internal static partial class MadeFrom
{
    private const string Input = "input ";
    private const string Value = "value ";
    private const string Function = "function ";

    /// <summary>Why the SQL gives other rows each time, for people; null when it does not.</summary>
    public static string? Volatile(DatasetDefinition dataset, IReadOnlyList<SqlFunctionDescriptor> functions)
    {
        var sql = AllSql(dataset);
        if (dataset.Rebuild == RebuildPolicy.Always) return "rebuild: always";
        // Their code is not among the facts, or does what it likes.
        if (dataset.Notebook is not null) return "a notebook makes its rows";
        if (dataset.Transform is not null) return "a transform makes its rows";
        if (VolatileFunction().Match(sql) is { Success: true } found) return $"its SQL asks for {found.Value.Trim('\'', '(', ' ')}";
        if (functions.FirstOrDefault(f => f.IsVolatile) is { } another) return $"its SQL asks for {another.Name}";
        if (OwnFile().IsMatch(sql)) return "its SQL reads files";
        if (SystemTable().IsMatch(sql)) return "its SQL reads the system's own tables";
        if (dataset.Checks.Any(c => c.Kind == CheckKind.Freshness)) return "a freshness check looks at the clock";
        return null;
    }

    public static IReadOnlyDictionary<string, string> Of(DatasetDefinition dataset, JobRequest request, IEnumerable<DatasetInput> inputs, IReadOnlyList<SqlFunctionDescriptor> functions)
    {
        var sql = Sql(dataset);
        var facts = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["sql"] = Hash(sql), ["settings"] = Hash(Settings(dataset)) };
        var all = AllSql(dataset);
        foreach (var (name, value) in request.Parameters.Where(p => Asks(all, p.Key))) facts[Value + name] = value;
        foreach (var function in functions) facts[Function + function.Name] = $"{function.PluginName} {function.Version} {function.Code:n}";
        if (request.Interval is { } interval && (Asks(all, Placeholders.IntervalStart) || Asks(all, Placeholders.IntervalEnd)))
            facts[Value + "interval"] = string.Create(CultureInfo.InvariantCulture, $"{interval.Start.UtcDateTime:s} to {interval.End.UtcDateTime:s}");
        // A table that reads its own last version always finds another one; that is no change from outside.
        foreach (var input in inputs.Where(i => i.Name.ToString() != dataset.Table)) facts[Input + input.Name] = $"{input.Snapshot.Version.ToString(CultureInfo.InvariantCulture)} {input.Snapshot.TableId}";
        return facts;
    }

    /// <summary>What differs, for people; empty when nothing does.</summary>
    public static IReadOnlyList<string> Changes(IReadOnlyDictionary<string, string> then, IReadOnlyDictionary<string, string> now)
    {
        var changes = new List<string>();
        foreach (var key in then.Keys.Union(now.Keys).Order(StringComparer.Ordinal).OrderBy(k => k is "sql" ? 0 : k is "settings" ? 1 : 2))
        {
            var (old, present) = (then.GetValueOrDefault(key), now.GetValueOrDefault(key));
            if (old == present) continue;
            if (key == "sql") changes.Add("its SQL has changed");
            else if (key == "settings") changes.Add("its settings have changed");
            else if (key.StartsWith(Function, StringComparison.Ordinal)) changes.Add($"the plugin's function {key[Function.Length..]} has changed");
            else if (key.StartsWith(Value, StringComparison.Ordinal)) changes.Add($"{key[Value.Length..]} is {present ?? "not asked for any more"}{(old is null ? "" : $" (was {old})")}");
            else changes.Add(InputChange(key[Input.Length..], old?.Split(' ')[0], present?.Split(' ')[0]));
        }
        return changes;
    }

    private static string InputChange(string table, string? old, string? now) =>
        now is null ? $"{table} is not read any more" : old is null ? $"{table} is read now" : old == now ? $"{table} was made anew" : $"{table} is at version {now} (was {old})";

    private static string Sql(DatasetDefinition dataset) => WithMacros(DatasetSql.Text(dataset), dataset);

    /// <summary>With the SQL of the checks, which see the same values and decide whether the rows may stand.</summary>
    public static string AllSql(DatasetDefinition dataset) => WithMacros(string.Join("\n;\n", dataset.Checks.Select(c => c.ReadsSql).OfType<string>().Prepend(DatasetSql.Text(dataset))), dataset);

    private static string WithMacros(string sql, DatasetDefinition dataset)
    {
        return string.Join("\n;\n", MacroDefinition.CalledBy(sql, dataset.Macros).Select(m => m.CreateSql).Append(sql));
    }

    // All that decides on the rows or on how they lie; places in the file and the description do not.
    private static string Settings(DatasetDefinition dataset) => JsonSerializer.Serialize(new
    {
        Mode = dataset.Mode.ToText(), dataset.Keys, dataset.TimeColumn, dataset.Lookback, dataset.CloseMissing, dataset.PartitionBy, dataset.Transform, Config = dataset.Config.ToJsonString(),
        Checks = dataset.Checks.Select(c => c with { Line = 0 }),
    });

    private static bool Asks(string sql, string variable) => sql.Contains($"'{variable}'", StringComparison.OrdinalIgnoreCase);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    [GeneratedRegex(@"\b(now|random|uuid|uuidv4|uuidv7|gen_random_uuid|today|get_current_timestamp|get_current_time|transaction_timestamp|nextval)\s*\(|\bage\s*\((?!\s*[^(),]+,)|\btablesample\b|\busing\s+sample\b|\b(current_timestamp|current_date|current_time|current_localtimestamp|current_localtime|localtimestamp|localtime)\b|'run_time'|'run_id'", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 30_000)]
    private static partial Regex VolatileFunction();

    [GeneratedRegex(@"\b(read_\w+|\w+_scan|sniff_csv|glob)\s*\(|\b(from|join)\s*\(?\s*'", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 30_000)]
    private static partial Regex OwnFile();

    [GeneratedRegex(@"\bsystem""?\s*\.", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 30_000)]
    private static partial Regex SystemTable();
}
