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
        DuckException { InnerException: { } inner } when inner is not SqlFunctionException and not OperationCanceledException && dataset.Transform is { } transform =>
            new JobFailedException("FF3231", $"The transform '{transform}' of {dataset.Table} failed: {inner.Message}", (inner as Plugins.TerminalException)?.Suggestion, inner is Plugins.TransientException, inner),
        DuckException duck => FromDuck(duck, $"The SQL of {dataset.Table}", Place(duck, dataset), dataset.Table.ToString(), "Correct the SQL in the pipeline."),
        TableConflictException => new JobFailedException("FF3220", e.Message, "The attempt is repeated from the new version.", transient: true, e),
        SchemaMismatchException => new JobFailedException("FF3221", e.Message, "Cast the column in the SQL, or build the dataset with mode: full once.", inner: e),
        LostRowsException => new JobFailedException("FF3244", e.Message, "This is a defect of FlowForge, or another tool has noted a wrong number of rows for a file of the table: keep both and report it.", inner: e),
        LakeException => new JobFailedException("FF3222", e.Message, inner: e),
        LakeStorageException storage => new JobFailedException(storage.Code, storage.Message, null, storage.IsTransient, storage),
        IOException => new JobFailedException("FF3223", $"{dataset.Table} could not be written: {e.Message}", "Check free space and rights of the data folder.", transient: true, e),
        _ => new JobFailedException("FF3299", $"{dataset.Table} could not be built: {e.Message}", "This looks like a fault of FlowForge; the run's log has the details.", inner: e),
    };

    /// <summary>Errors of a query that somebody asked: it belongs to no table and stands in no pipeline.</summary>
    public static JobFailedException FromQuery(Exception e) => e switch
    {
        DuckException { Kind: DuckErrorKind.Io, InnerException: null } duck => new JobFailedException("FF3223", $"The query could not read its tables: {duck.Message}", "Check the rights of the data folder and free space, then ask again.", transient: true, duck),
        DuckException duck => FromDuck(duck, "The SQL", "", "The query", "Correct the SQL and ask again."),
        LakeStorageException storage => new JobFailedException(storage.Code, storage.Message, null, storage.IsTransient, storage),
        _ => new JobFailedException("FF3222", e.Message, inner: e),
    };

    private static JobFailedException FromDuck(DuckException e, string sql, string place, string subject, string mend) => e.InnerException is SqlFunctionException function
        ? new JobFailedException("FF3232", $"A function that {Within(sql)} calls failed: {function.Message}", (function.InnerException as Plugins.TerminalException)?.Suggestion ?? "Find the rows with a WHERE clause, or mend the plugin.", function.InnerException is Plugins.TransientException, function)
        : e.Kind switch
        {
            DuckErrorKind.Parser or DuckErrorKind.Binder or DuckErrorKind.Catalog or DuckErrorKind.TypeMismatch or DuckErrorKind.InvalidInput or DuckErrorKind.NotImplemented =>
                new JobFailedException("FF3204", $"{sql}{place} is not right: {e.Message}", mend, inner: e),
            DuckErrorKind.OutOfMemory =>
                new JobFailedException("FF3205", $"{subject} needs more memory than its limit: {e.Message}", "Raise the memory limit of jobs, or let the SQL keep less at once (fewer columns in sorts, windows and joins).", inner: e),
            DuckErrorKind.Io => new JobFailedException("FF3223", $"{subject} could not be written or its inputs not read: {e.Message}", "Check free space and rights of the data folder.", transient: true, e),
            _ => new JobFailedException("FF3206", $"{sql} failed on its rows: {e.Message}", "Find the rows with TRY_CAST or a WHERE clause, and handle them in the SQL.", inner: e),
        };

    private static string Within(string sql) => "the" + sql["The".Length..];

    // The line in the pipeline file, when the SQL stands there as it is.
    private static string Place(DuckException e, DatasetDefinition dataset)
    {
        if (e.Position is not { } position || dataset.SqlLine is not { } first || !dataset.SqlLinesMatch || dataset.Sql is not { } sql) return "";
        var line = first + sql.AsSpan(0, Math.Min(position, sql.Length)).Count('\n');
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $" (line {line} of the pipeline)");
    }
}
