using System.Globalization;
using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Datasets;
using FlowForge.Duck;
using FlowForge.Notebooks.Sessions;
using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Notebooks.Sessions.Headless;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Notebooks;

/// <summary>Runs the notebooks of jobs: in a kernel of their own, with the run's values, at pinned versions; the executed copy is kept with the run after each cell. Thread-safe.</summary>
public sealed class NotebookRunner(NotebookFolder folder, KernelPool pool, ExecutedNotebooks copies, TimeProvider clock) : INotebookRunner
{
    /// <summary>While a cell runs nothing else says that the job is alive.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly HeadlessRunner _runner = new(pool);

    public async Task<NotebookDone> RunAsync(NotebookUse notebook, JobRequest request, IReadOnlyDictionary<string, long> versions, string? rowsFile, IProgress<JobProgress> progress, IJobLog log, CancellationToken ct)
    {
        var document = Open(notebook);
        var values = Placeholders.Fill(notebook, request.Parameters, request.Interval is { } i ? (i.Start, i.End) : null);
        var started = clock.GetUtcNow();
        var phase = "starting a kernel";
        await using var beat = new Timer(_ => progress.Report(new JobProgress(phase, 0, null, 0, null, 0)), null, Beat, Beat);
        log.Info($"Runs the notebook {notebook.Path}{(values.Count == 0 ? "" : " with " + string.Join(", ", values.Select(v => $"{v.Key} = {v.Value}")))}.");
        try
        {
            var outcome = await _runner.RunAsync(new HeadlessRequest
            {
                Document = document, Parameters = values, Versions = versions, Variables = Variables(request), RowsFile = rowsFile, Result = notebook.Result,
                Keep = d => { Note(d, notebook, request, values, started, "running"); copies.Keep(request.RunId, request.JobId, d); },
            }, p => phase = string.Create(CultureInfo.InvariantCulture, $"cell {p.Cell} of {p.Cells}"), ct);
            Keep("succeeded");
            foreach (var number in outcome.Skipped) log.Warning($"Cell {number} is of another language and was not run.");
            if (outcome.Reads.Count > 0) log.Info($"The notebook read {string.Join(", ", outcome.Reads)}.");
            return new NotebookDone(outcome.Cells, outcome.Rows);
        }
        catch (OperationCanceledException)
        {
            Keep("cancelled");
            throw;
        }
        catch (ParameterException e)
        {
            throw new JobFailedException("FF3242", $"{notebook.Path}: {e.Message}", "Correct 'parameters', or the notebook's parameters cell.", inner: e);
        }
        catch (KernelException e)
        {
            throw new JobFailedException("FF3240", $"The notebook {notebook.Path} could not be run: {e.Message}", "It is tried again.", transient: true, inner: e);
        }
        catch (HeadlessException e)
        {
            Keep("failed");
            throw Told(notebook, e);
        }

        void Keep(string state)
        {
            Note(document, notebook, request, values, started, state);
            copies.Keep(request.RunId, request.JobId, document);
        }
    }

    private NotebookDocument Open(NotebookUse notebook)
    {
        try
        {
            return folder.Read(NotebookPath.Parse(notebook.Path));
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new JobFailedException("FF3240", $"The notebook {notebook.Path} cannot be read: {e.Message}", "Put it back, or correct its path in the pipeline.", inner: e);
        }
    }

    private static JobFailedException Told(NotebookUse notebook, HeadlessException e) => e.Cell is { } cell
        ? new JobFailedException("FF3241", $"Cell {cell} of the notebook {notebook.Path} failed: {e.Kind}: {e.Message}", "The executed copy on the run's page shows it. Mend the notebook, then run the job again.", transient: e.IsPassing, inner: e)
        : new JobFailedException("FF3241", $"The notebook {notebook.Path} gave no rows: {e.Message}", "Set 'result' to the SQL result or C# collection whose rows the table gets.", inner: e);

    /// <summary>What datasets' SQL is given too.</summary>
    private static Dictionary<string, string> Variables(JobRequest request)
    {
        var variables = request.Parameters.ToDictionary(p => p.Key, p => SqlText.Literal(p.Value), StringComparer.OrdinalIgnoreCase);
        variables["run_time"] = SqlText.Literal((object)request.RunTime);
        variables["run_id"] = SqlText.Literal(request.RunId);
        if (request.Interval is { } interval) (variables["interval_start"], variables["interval_end"]) = (SqlText.Literal((object)interval.Start), SqlText.Literal((object)interval.End));
        return variables;
    }

    /// <summary>Where the copy comes from, in its metadata.</summary>
    private void Note(NotebookDocument document, NotebookUse notebook, JobRequest request, IReadOnlyDictionary<string, string> values, DateTimeOffset started, string state)
    {
        if (document.Metadata["flowforge"] is not JsonObject own) document.Metadata["flowforge"] = own = [];
        own["run"] = new JsonObject
        {
            ["run"] = request.RunId, ["pipeline"] = request.Pipeline, ["job"] = request.JobId, ["attempt"] = request.Attempt, ["notebook"] = notebook.Path, ["state"] = state,
            ["parameters"] = new JsonObject(values.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value))),
            ["started"] = started.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["seconds"] = Math.Round((clock.GetUtcNow() - started).TotalSeconds, 3),
        };
    }
}
