using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Orchestration.Notebooks;
using FlowForge.Pipelines;
using FlowForge.Plugins;

namespace FlowForge.Orchestration.Runs;

/// <summary>A pipeline's text, understood: the definition with its SQL files read, and the plan.</summary>
/// <param name="Definition">Null when the text has errors.</param>
/// <param name="Plan">Empty when there is no definition.</param>
public sealed record PipelineReading(PipelineDefinition? Definition, PlanResult Plan, IReadOnlyList<Diagnostic> Diagnostics)
{
    public bool IsValid => Definition is not null && Diagnostics.All(d => d.Severity != DiagnosticSeverity.Error);
}

/// <summary>
/// Text to definition and plan: the one way that a run, the API's validation and the plan page share, so that all say the same. Thread-safe.
/// </summary>
/// <param name="sql">Reads the tables of a SELECT; DuckDB's parser behind it.</param>
/// <param name="environment">What is installed here now: a connector that is not is an error of the text.</param>
/// <param name="notebooks">Reads notebooks that jobs run; null where there are none.</param>
public sealed class PipelineReader(LakeStore lake, SqlReferenceReader sql, Func<PipelineEnvironment> environment, NotebookSources? notebooks = null)
{
    /// <param name="baseDirectory">Where <c>sql_file</c> paths start; files outside of it are refused.</param>
    public PipelineReading Read(string text, PipelineFormat? format, string baseDirectory)
    {
        var parsed = PipelineParser.Parse(text, format, environment());
        if (parsed.Definition is not { } definition) return new(null, new PlanResult([], []), parsed.Diagnostics);

        var diagnostics = new List<Diagnostic>(parsed.Diagnostics);
        try
        {
            definition = definition.WithSql(file => ReadSql(file, baseDirectory));
        }
        catch (SqlFileException error)
        {
            var dataset = definition.Datasets.First(d => d.SqlFile == error.File);
            diagnostics.Add(new(DiagnosticSeverity.Error, "FF1507", error.Message, $"{dataset.Layer}.{dataset.Name}.sql_file", dataset.Line, null,
                "Give the path of a text file relative to the pipeline file's folder."));
            return new(null, new PlanResult([], []), diagnostics);
        }

        if (notebooks is not null) definition = definition.WithNotebooks((use, path, line) => notebooks.Read(use, path, line, diagnostics));
        diagnostics.AddRange(Placeholders.Check(definition));
        definition = Placeholders.WithVariables(definition);
        var plan = PipelinePlanner.Plan(definition, sql, table => TableName.TryParse(table, out var name) && lake.Table(name).Latest() is not null);
        diagnostics.AddRange(plan.Diagnostics);
        return new(definition, plan, [.. diagnostics.OrderBy(d => d.Line ?? 0)]);
    }

    public PipelineReading Read(PipelineVersion version) => Read(version.Text, version.Format, version.BaseDirectory);

    private static string ReadSql(string file, string baseDirectory)
    {
        try
        {
            // Where links lead counts, not how the path is written.
            var root = Roots.RealPath(Path.GetFullPath(baseDirectory));
            var path = Roots.RealPath(Path.GetFullPath(Path.Combine(root, file)));
            if (!new Roots([root]).Contains(path)) throw new SqlFileException(file, $"sql_file '{file}' lies outside the pipeline's folder.");
            if (new FileInfo(path).Length > 1_000_000) throw new SqlFileException(file, $"sql_file '{file}' is larger than 1 MB.");
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TerminalException)
        {
            throw new SqlFileException(file, $"sql_file '{file}' cannot be read: {error.Message}");
        }
    }

    private sealed class SqlFileException(string file, string message) : Exception(message)
    {
        public string File => file;
    }
}
