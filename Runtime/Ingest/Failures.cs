using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Lake;
using FlowForge.PluginHost;
using FlowForge.PluginHost.Processes;
using FlowForge.Plugins;

namespace FlowForge.Ingest;

/// <summary>What went wrong, in the form that people see.</summary>
internal static class Failures
{
    /// <summary>The failure as people see it; secrets that a system or a driver repeated in its message are hidden.</summary>
    public static JobFailedException From(Exception failure)
    {
        var known = Describe(failure);
        var cause = known.InnerException is { } inner ? SecretMask.Hide(inner) : null;
        return SecretMask.Hide(known.Message) == known.Message && cause == known.InnerException ? known
            : new JobFailedException(known.Code, SecretMask.Hide(known.Message), SecretMask.Hide(known.Suggestion), known.Transient, cause) { RetryAfter = known.RetryAfter };
    }

    private static JobFailedException Describe(Exception failure) => failure switch
    {
        JobFailedException known => known,
        SettingsException settings => new JobFailedException("FF2001", settings.Message, "Correct the job's config.", inner: settings),
        PluginException plugin => new JobFailedException("FF2002", plugin.Message, inner: plugin),
        PluginCrashException crash => new JobFailedException("FF5040", crash.Message, "The rest of the runtime is unharmed. Report it to the plugin's author, or use another version of the plugin.", inner: crash),
        PluginTimeoutException time => new JobFailedException("FF5041", time.Message, "Check that the system answers; run the connector with isolation: process if it hangs again.", transient: true, inner: time),
        RemoteConnectorException remote => new JobFailedException("FF5042", remote.Message, "This is a defect of the plugin: the log has the details.", inner: remote),
        TerminalException terminal => new JobFailedException("FF2003", terminal.Message, terminal.Suggestion, inner: terminal),
        TransientException transient => new JobFailedException("FF2004", transient.Message, transient: true, inner: transient) { RetryAfter = transient.RetryAfter },
        CircuitOpenException open => new JobFailedException("FF5050", open.Message, "Look at the connection on the Sources page; a test that works lets jobs through at once.", transient: true, inner: open) { RetryAfter = open.RetryAfter },
        UnreadableFileException file => new JobFailedException("FF2040", file.Message, file.Suggestion, inner: file),
        TableConflictException conflict => new JobFailedException("FF2060", conflict.Message, transient: true, inner: conflict),
        SchemaMismatchException mismatch => new JobFailedException("FF2050", mismatch.Message, "Rename the column, declare a user_schema, or load into a new table.", inner: mismatch),
        LostRowsException lost => new JobFailedException("FF2030", lost.Message, "This is a defect of FlowForge, or another tool has noted a wrong number of rows for a file of the table: keep both and report it.", inner: lost),
        LakeException lake => new JobFailedException("FF2061", lake.Message, inner: lake),
        LakeStorageException storage => new JobFailedException(storage.Code, storage.Message, transient: storage.IsTransient, inner: storage),
        DuckException { InnerException: { } inner } when inner is not DuckException => Describe(inner),
        DuckException { Kind: DuckErrorKind.OutOfMemory } duck => new JobFailedException("FF2071", duck.Message, "A job has Jobs:MemoryBytes divided by Jobs:Parallel: raise the one, lower the other, or give the spill folder more room. Thousands of columns of texts need more than the default.", inner: duck),
        DuckException { Kind: DuckErrorKind.Io } duck => new JobFailedException("FF2080", duck.Message, "Check the disk and the folder's rights.", transient: true, inner: duck),
        DuckException duck => new JobFailedException("FF2070", duck.Message, inner: duck),
        IOException io => new JobFailedException("FF2080", io.Message, "Check the disk and the folder's rights.", transient: true, inner: io),
        UnauthorizedAccessException access => new JobFailedException("FF2081", access.Message, "Give the user that runs FlowForge the right to it.", inner: access),
        _ => new JobFailedException("FF2099", $"{failure.GetType().Name}: {failure.Message}", "This is a defect of FlowForge or of a plugin: the log has the details.", inner: failure),
    };
}
