using FlowForge.Lake.Log;

namespace FlowForge.Lake.Writing;

/// <summary>
/// Puts entries of one writer into a table's log and says whether they are there. An error can come after the entry has its name (the folder could not be flushed, the answer of a
/// bucket was lost), and a put that is repeated then finds its own entry: what is in the log counts.
/// </summary>
/// <param name="writer">The id that the entries carry as their <c>txnId</c>.</param>
internal sealed class EntryPlace(LakeTable table, string writer)
{
    /// <summary>Nobody could say whether the last entry is there, or will be: no file that it names may go.</summary>
    public bool IsOpen { get; private set; }

    /// <returns>False when the version is another writer's.</returns>
    /// <exception cref="IOException">It could not be put, or nobody can say: see <see cref="IsOpen"/>.</exception>
    public bool Put(long version, byte[] entry)
    {
        IsOpen = true;
        bool placed;
        try
        {
            placed = table.Files.PutIfAbsent(LogPaths.Entry(version), entry) || IsOwn(version) == true;
        }
        catch (IOException)
        {
            var own = IsOwn(version);
            // Not there: a put to a bucket can be under way all the same.
            if (own is null)
            {
                IsOpen = !table.Files.IsLocal;
                throw;
            }
            placed = own.Value;
        }
        IsOpen = false;
        return placed;
    }

    // Null: nobody's yet.
    private bool? IsOwn(long version) => table.Log.Entry(version) is { } actions ? HistoryReader.TransactionId(actions) == writer : null;
}
