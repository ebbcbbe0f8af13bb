using FlowForge.Ingest.Formats.Csv;
using FlowForge.PluginHost;

namespace FlowForge.Ingest.Formats;

/// <summary>What a job's <c>config</c> may say beside the connector's settings, described for forms.</summary>
public static class FormatForms
{
    /// <summary>Settings of CSV files.</summary>
    public static SpecDescription Csv { get; } = SpecBinding.Describe<CsvOptions>("csv");

    /// <summary>Settings of all sources: encoding, packing, nested values, drift.</summary>
    public static SpecDescription All { get; } = SpecBinding.Describe<FileSettings>("file");
}
