using System.Text.Json.Nodes;
using FlowForge.Ingest.Formats.Csv;
using FlowForge.PluginHost;

namespace FlowForge.Ingest.Formats;

/// <summary>What a job's <c>config</c> says about formats, beside the connector's own settings.</summary>
internal sealed record FormatSettings(FileSettings File, CsvOptions Csv)
{
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.Ordinal)
    {
        ["delim"] = "delimiter",
        ["sep"] = "delimiter",
        ["separator"] = "delimiter",
        ["quotechar"] = "quote",
        ["nullstr"] = "null_strings",
        ["null_values"] = "null_strings",
        ["decimal_separator"] = "decimal_sign",
        ["decimal"] = "decimal_sign",
        ["thousands"] = "thousands_sign",
        ["thousands_separator"] = "thousands_sign",
        ["dateformat"] = "date_format",
        ["timestampformat"] = "timestamp_format",
        ["skip_rows"] = "skip",
        ["max_line_size"] = "max_record_bytes",
    };

    /// <summary>All names that belong to formats and not to the connector.</summary>
    public static readonly IReadOnlySet<string> Names = SpecBinding.Describe<CsvOptions>("csv").Settings.Concat(SpecBinding.Describe<FileSettings>("file").Settings)
        .Select(s => s.Name).Concat(OtherNames.Keys).ToHashSet();

    /// <exception cref="SettingsException">A value is wrong.</exception>
    public static FormatSettings From(JsonObject config, string format)
    {
        var given = new JsonObject();
        foreach (var (name, value) in config) given[OtherNames.GetValueOrDefault(name, name)] = value?.DeepClone();
        return new FormatSettings(SpecBinding.Bind<FileSettings>(format, given), SpecBinding.Bind<CsvOptions>(format, given));
    }
}
