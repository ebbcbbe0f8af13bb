using FlowForge.Contracts;

namespace FlowForge.AppHost.Runs;

/// <summary>A pipeline file named on the command line.</summary>
/// <param name="Shown">Its path as the user wrote it.</param>
/// <param name="Folder">Absolute folder that its relative paths start from.</param>
internal sealed record PipelineFile(string Shown, string Folder, string Text, PipelineTextFormat Format)
{
    public static PipelineFile Read(FileInfo file)
    {
        try
        {
            var format = file.Extension.Equals(".json", StringComparison.OrdinalIgnoreCase) ? PipelineTextFormat.Json : PipelineTextFormat.Yaml;
            return new PipelineFile(file.ToString(), file.DirectoryName!, File.ReadAllText(file.FullName), format);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AppHostException($"The pipeline file {file} cannot be read: {e.Message}", "Name a YAML or JSON file, for example AppHost/demo/flights.yaml.");
        }
    }

    public ValidatePipeline ToValidate() => new(Text, Format, Folder);

    public PutPipeline ToPut() => new(Text, Format, Folder);
}
