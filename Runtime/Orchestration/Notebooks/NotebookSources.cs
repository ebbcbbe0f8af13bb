using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Notebooks.Sessions.Headless;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Notebooks;

/// <summary>Reads of a notebook's file what a plan has to know. Thread-safe.</summary>
/// <param name="sql">Reads the tables of a SELECT.</param>
public sealed class NotebookSources(NotebookFolder folder, SqlReferenceReader sql)
{
    /// <param name="notebook">As the pipeline names it.</param>
    /// <param name="path">Of its section, for diagnostics.</param>
    /// <param name="line">Of its section.</param>
    /// <returns>Null, with a diagnostic, when the file cannot be read.</returns>
    public NotebookSource? Read(NotebookUse notebook, string path, int line, List<Diagnostic> diagnostics)
    {
        NotebookDocument document;
        try
        {
            if (NotebookPath.TryParse(notebook.Path, out var file) is { } problem) throw new FormatException(problem);
            document = folder.Read(file);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            diagnostics.Add(new(DiagnosticSeverity.Error, "FF1508", $"The notebook '{notebook.Path}' of {path} cannot be read: {e.Message}", $"{path}.notebook", line, null, "Give its path below the workspace's notebooks folder, as reports/delays."));
            return null;
        }
        var known = NotebookParameters.Of(document);
        var parameters = known.Select(p => p.Name).ToList();
        foreach (var name in notebook.Parameters.Keys.Where(n => !parameters.Contains(n)))
            diagnostics.Add(new(DiagnosticSeverity.Error, "FF1509", $"{path}: {NotebookParameters.Unknown(document, name).Message}", $"{path}.parameters.{name}", line, null, "Give a cell the tag 'parameters' that sets it, or remove it here."));
        foreach (var (name, value) in notebook.Parameters.Where(p => !p.Value.Contains("${", StringComparison.Ordinal)))
        {
            try
            {
                known.FirstOrDefault(p => p.Name == name)?.Assignment(value);
            }
            catch (ParameterException e)
            {
                diagnostics.Add(new(DiagnosticSeverity.Error, "FF1509", $"{path}: {e.Message}", $"{path}.parameters.{name}", line, null, "Correct the value."));
            }
        }
        var tables = new List<string>();
        var mentions = NotebookCode.CSharp(document).SelectMany(NotebookCode.Mentions).ToList();
        foreach (var text in NotebookCode.Sql(document))
        {
            try
            {
                // A name without a layer is a result or a collection of another cell.
                tables.AddRange(sql(text).Where(t => t.Schema is not null).Select(t => t.ToString().ToLowerInvariant()).Where(t => t.Split('.')[0] is "bronze" or "silver" or "gold"));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Not one SELECT; what is wrong with it is said when it runs.
                mentions.AddRange(NotebookCode.Mentions(text));
            }
        }
        return new NotebookSource([.. tables.Distinct()], [.. mentions.Distinct().Except(tables)], parameters, NotebookCode.Hash(document));
    }
}
