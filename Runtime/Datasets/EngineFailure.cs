using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost.Functions;

namespace FlowForge.Datasets;

/// <summary>Errors of the engine and of the lake as the user should see them.</summary>
internal static class EngineFailure
{
    public static JobFailedException From(Exception e, DatasetDefinition dataset) => e switch
    {
        JobFailedException known => known,
        DuckException duck => FromDuck(duck, dataset),
        TableConflictException => new JobFailedException("FF3220", e.Message, "The attempt is repeated from the new version.", transient: true, e),
        SchemaMismatchException => new JobFailedException("FF3221", e.Message, "Cast the column in the SQL, or build the dataset with mode: full once.", inner: e),
        LakeException => new JobFailedException("FF3222", e.Message, inner: e),
        LakeStorageException storage => new JobFailedException(storage.Code, storage.Message, null, storage.IsTransient, storage),
        IOException => new JobFailedException("FF3223", $"{dataset.Table} could not be written: {e.Message}", "Check free space and rights of the data folder.", transient: true, e),
        _ => new JobFailedException("FF3299", $"{dataset.Table} could not be built: {e.Message}", "This looks like a fault of FlowForge; the run's log has the details.", inner: e),
    };

    private static JobFailedException FromDuck(DuckException e, DatasetDefinition dataset) => e.InnerException is SqlFunctionException function
        ? new JobFailedException("FF3232", $"A function that the SQL of {dataset.Table} calls failed: {function.Message}", (function.InnerException as Plugins.TerminalException)?.Suggestion ?? "Find the rows with a WHERE clause, or mend the plugin.", function.InnerException is Plugins.TransientException, function)
        : e.InnerException is { } inner && dataset.Transform is { } transform && inner is not OperationCanceledException
        ? new JobFailedException("FF3231", $"The transform '{transform}' of {dataset.Table} failed: {inner.Message}", (inner as Plugins.TerminalException)?.Suggestion, inner is Plugins.TransientException, inner)
        : OfEngine(e, dataset);

    private static JobFailedException OfEngine(DuckException e, DatasetDefinition dataset) => e.Kind switch
    {
        DuckErrorKind.Parser or DuckErrorKind.Binder or DuckErrorKind.Catalog or DuckErrorKind.TypeMismatch or DuckErrorKind.InvalidInput or DuckErrorKind.NotImplemented =>
            new JobFailedException("FF3204", $"The SQL of {dataset.Table}{Place(e, dataset)} is not right: {e.Message}", "Correct the SQL in the pipeline.", inner: e),
        DuckErrorKind.OutOfMemory =>
            new JobFailedException("FF3205", $"{dataset.Table} needs more memory than its limit: {e.Message}", "Raise the memory limit of jobs, or let the SQL keep less at once (fewer columns in sorts, windows and joins).", inner: e),
        DuckErrorKind.Io => new JobFailedException("FF3223", $"{dataset.Table} could not be written or its inputs not read: {e.Message}", "Check free space and rights of the data folder.", transient: true, e),
        _ => new JobFailedException("FF3206", $"The SQL of {dataset.Table} failed on its rows: {e.Message}", "Find the rows with TRY_CAST or a WHERE clause, and handle them in the SQL.", inner: e),
    };

    // The line in the pipeline file, when the SQL stands there as it is.
    private static string Place(DuckException e, DatasetDefinition dataset)
    {
        if (e.Position is not { } position || dataset.SqlLine is not { } first || !dataset.SqlLinesMatch || dataset.Sql is not { } sql) return "";
        var line = first + sql.AsSpan(0, Math.Min(position, sql.Length)).Count('\n');
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $" (line {line} of the pipeline)");
    }
}
