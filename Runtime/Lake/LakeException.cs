namespace FlowForge.Lake;

/// <summary>Something in the lake is not as it must be; the message says what, where and what to do.</summary>
public class LakeException : Exception
{
    /// <summary>An error that a person can act on.</summary>
    public LakeException(string message, Exception? inner = null) : base(message, inner) { }
}

/// <summary>The place that a lake lives in (a bucket) does not do what is asked of it. An <see cref="IOException"/>, as a failing disk gives one.</summary>
/// <param name="code">FF27xx.</param>
/// <param name="message">What happened, where, and what to do.</param>
/// <param name="isTransient">True when the same may work a little later.</param>
/// <param name="inner">What the service said.</param>
public sealed class LakeStorageException(string code, string message, bool isTransient, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>FF27xx.</summary>
    public string Code { get; } = code;

    /// <summary>True when the same may work a little later.</summary>
    public bool IsTransient { get; } = isTransient;
}

/// <summary>Another commit came in between and does not go together with this one. Nothing was published; beginning again from the new version is safe.</summary>
public sealed class TableConflictException : LakeException
{
    /// <summary>A conflict of the commit to <paramref name="table"/> with <paramref name="version"/>.</summary>
    public TableConflictException(string table, long version, string reason)
        : base($"The commit to {table} conflicts with version {version}: {reason}. Nothing was published; run the job again from the new version.")
    {
        Table = table;
        Version = version;
    }

    /// <summary>The table's folder or name.</summary>
    public string Table { get; }

    /// <summary>The version that came first.</summary>
    public long Version { get; }
}

/// <summary>The new rows' schema does not go together with the table's.</summary>
public sealed class SchemaMismatchException(string message) : LakeException(message);

/// <summary>Rows break a rule of the table: NOT NULL, an invariant or a CHECK constraint. Nothing was published.</summary>
public sealed class RowRuleException(string message) : LakeException(message);

/// <summary>A change of a table has written another number of rows than it must have. Nothing was published.</summary>
public sealed class LostRowsException(string table, long expected, long written)
    : LakeException($"The rows do not add up, and nothing was published: the change of {table} was to write {expected} rows, and its files have {written}.");
