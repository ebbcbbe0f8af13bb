using FlowForge.Columnar;

namespace FlowForge.Plugins;

/// <summary>Writes rows into the system: deliveries of tables. (Where files are put, see <see cref="IFileSink"/>.)</summary>
public interface ISink : IConnector
{
    /// <summary>
    /// Writes all batches as one step where the system can; a repeat with the same key must not write twice, and need not read the batches. Each batch is
    /// the sink's to dispose.
    /// </summary>
    /// <returns>Rows written; at a repeat those of the first time.</returns>
    Task<long> WriteAsync(WriteRequest request, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken);
}

/// <summary>
/// A sink that keeps, with the rows of a table and in one step with them, what was written there last. So rows can be added and changed, each exactly once, whatever is killed when; a plain
/// <see cref="ISink"/> is only asked to replace.
/// </summary>
public interface IMarkedSink : ISink
{
    /// <summary>What was written there last; null when nothing was, or the table is not there any more.</summary>
    Task<WriteMark?> MarkAsync(string table, CancellationToken cancellationToken);
}

/// <param name="Table">Where to.</param>
/// <param name="Schema">The schema of every batch.</param>
/// <param name="Key">The same for every attempt of one write.</param>
/// <param name="Replace">Whether the rows replace what is there instead of being added.</param>
public sealed record WriteRequest(string Table, Schema Schema, string Key, bool Replace)
{
    /// <summary>Whose rows these are; the same for every write of one delivery. Rows of another writer, or of none, are not to be replaced.</summary>
    public string Writer { get; init; } = "";

    /// <summary>The key that the rows follow on when they do not replace: with another mark there, nothing is written (<see cref="TransientException"/>: the runtime looks again).</summary>
    public string? After { get; init; }

    /// <summary>
    /// Columns that tell rows apart, when the delivery has such. Rows that replace are plain, and the sink refuses those that have a key twice. Otherwise they are changes, at most one for a key, and their last column <see cref="Change"/> says what happens:
    /// <c>i</c> a row that is not there yet, <c>u</c> the new form of one that is, <c>d</c> one that goes (its other columns are as they were). It counts as a defect when it is not so there.
    /// </summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Name of the column that says what happens to a row.</summary>
    public static string Change => "_ff_op";
}

/// <summary>What was written last into a table.</summary>
/// <param name="Writer">As in the request.</param>
/// <param name="Key">As in the request.</param>
/// <param name="Written">Rows of that write.</param>
/// <param name="Rows">Rows of the writer's that are in the table since then.</param>
public sealed record WriteMark(string Writer, string Key, long Written, long Rows);
