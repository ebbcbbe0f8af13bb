using FlowForge.Duck;

namespace FlowForge.Lake.Tests;

/// <summary>A lake in a folder of its own and a DuckDB session; both go with the test.</summary>
public sealed class TestLake : IDisposable
{
    public TestLake(string folderName = "lake")
    {
        Folder = Path.Combine(Path.GetTempPath(), "flowforge-lake-tests", Guid.NewGuid().ToString("n"), folderName);
        Directory.CreateDirectory(Folder);
        Store = new LakeStore(Folder);
        Database = DuckDatabase.Open(new DuckOptions { Threads = 2, TempDirectory = Path.Combine(Folder, "..", "spill") });
        Session = Database.Connect();
    }

    public string Folder { get; }

    public LakeStore Store { get; }

    public DuckDatabase Database { get; }

    public DuckSession Session { get; }

    public LakeTable Table(string name = "bronze.t") => Store.Table(TableName.Parse(name));

    /// <summary>Another process's view: nothing remembered.</summary>
    public LakeTable Fresh(string name = "bronze.t") => new LakeStore(Folder).Table(TableName.Parse(name));

    public CommitResult Append(LakeTable table, string sql, WriteOptions? write = null, CommitOptions? commit = null)
    {
        using var transaction = table.Begin();
        transaction.Write(Session, sql, write);
        return transaction.Commit(commit ?? new CommitOptions());
    }

    public CommitResult Overwrite(LakeTable table, string sql, IReadOnlyList<string>? partitionBy = null)
    {
        using var transaction = table.Begin();
        transaction.Write(Session, sql, new WriteOptions { Mode = CommitMode.Overwrite, PartitionBy = partitionBy });
        return transaction.Commit(new CommitOptions { Mode = CommitMode.Overwrite });
    }

    /// <summary>Rows as text, one a line, values with '|' between, NULL as ∅.</summary>
    public string Rows(string sql) => string.Join("\n", Session.Rows(sql).Select(r => string.Join("|", r.Select(Show))));

    public string Rows(TableSnapshot snapshot, string select = "*", string rest = "") => Rows($"SELECT {select} FROM {snapshot.ScanSql()} {rest}");

    private static string Show(object? value) => value switch
    {
        null => "∅",
        IFormattable f => f.ToString(value is DateTime ? "yyyy-MM-dd HH:mm:ss.FFFFFF" : null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>Set by tests that damage or shorten a log, or whose files went by vacuum.</summary>
    public bool Tampered { get; set; }

    /// <summary>Holds every table of the lake against the protocol.</summary>
    public void Validate(bool filesOfOldVersions = true)
    {
        foreach (var log in Directory.GetDirectories(Folder, "_delta_log", SearchOption.AllDirectories))
            new LogValidator(Path.GetDirectoryName(log)!, Session).Run(filesOfOldVersions);
    }

    /// <summary>Every test ends with a check of all logs it made.</summary>
    public void Dispose()
    {
        try
        {
            if (!Tampered && Directory.Exists(Folder)) Validate();
        }
        finally
        {
            Session.Dispose();
            Database.Dispose();
            Directory.Delete(Path.GetDirectoryName(Folder)!, recursive: true);
        }
    }
}
