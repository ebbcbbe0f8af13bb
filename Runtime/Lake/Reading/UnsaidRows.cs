using FlowForge.Duck;
using FlowForge.Lake.Files;
using FlowForge.Lake.Log;

namespace FlowForge.Lake.Reading;

/// <summary>Counts the rows of files whose number of rows the log does not say: other tools need not write statistics. The files themselves say it at their end.</summary>
internal static class UnsaidRows
{
    private const int MostFiles = 1000;

    /// <summary>Rows of those of the files; 0 where they are elsewhere, too many, damaged or not there.</summary>
    public static long Of(IFileStore store, IEnumerable<DataFile> files)
    {
        var unsaid = files.Where(f => f.Rows is null).Take(MostFiles + 1).ToList();
        if (unsaid.Count is 0 or > MostFiles || !store.IsLocal) return 0;
        var paths = unsaid.Select(f => ScanSql.Local(store, f)).ToList();
        if (!paths.TrueForAll(File.Exists)) return 0;
        using var session = LogEngine.Connect();
        var list = string.Join(", ", paths.Select(p => SqlText.File(p)));
        try
        {
            return session.Scalar<long>($"SELECT CAST(sum(num_rows) AS BIGINT) FROM parquet_file_metadata([{list}])") - unsaid.Sum(f => f.DeletionVector?.Cardinality ?? 0);
        }
        catch (DuckException)
        {
            // A file that is damaged is told of by whoever reads it.
            return 0;
        }
    }
}
