using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FlowForge.Catalog;

/// <summary>One connection, and the transaction that is open on it, if any: the few forms of statements that stores use. Not thread-safe.</summary>
internal sealed class SqlSession(SqliteConnection connection) : IDisposable
{
    private SqliteTransaction? _transaction;

    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> args)
    {
        using var command = Command(sql, args);
        return command.ExecuteNonQuery();
    }

    public long Number(string sql, params ReadOnlySpan<(string Name, object? Value)> args)
    {
        using var command = Command(sql, args);
        return command.ExecuteScalar() is { } value and not DBNull ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : 0;
    }

    public List<T> Rows<T>(string sql, Func<SqlRow, T> map, params ReadOnlySpan<(string Name, object? Value)> args)
    {
        using var command = Command(sql, args);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(map(new SqlRow(reader)));
        }
        return rows;
    }

    public T? First<T>(string sql, Func<SqlRow, T> map, params ReadOnlySpan<(string Name, object? Value)> args) where T : class
    {
        using var command = Command(sql, args);
        using var reader = command.ExecuteReader();
        return reader.Read() ? map(new SqlRow(reader)) : null;
    }

    /// <returns>How many rows there were.</returns>
    public int Each(string sql, Action<SqlRow> take, params ReadOnlySpan<(string Name, object? Value)> args)
    {
        using var command = Command(sql, args);
        using var reader = command.ExecuteReader();
        var count = 0;
        for (; reader.Read(); count++)
        {
            take(new SqlRow(reader));
        }
        return count;
    }

    /// <summary>Rows one by one; the session is in use until the sequence ends.</summary>
    public IEnumerable<T> Stream<T>(string sql, Func<SqlRow, T> map)
    {
        using var command = Command(sql, []);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return map(new SqlRow(reader));
        }
    }

    /// <summary>Takes the write lock at once (BEGIN IMMEDIATE), so that a transaction never fails in its middle for another writer.</summary>
    public T InTransaction<T>(Func<SqlSession, T> work)
    {
        using var transaction = _transaction = connection.BeginTransaction(deferred: false);
        try
        {
            var result = work(this);
            transaction.Commit();
            return result;
        }
        finally
        {
            _transaction = null;
        }
    }

    public void Dispose() => connection.Dispose();

    private SqliteCommand Command(string sql, ReadOnlySpan<(string Name, object? Value)> args)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = _transaction;
        foreach (var (name, value) in args)
        {
            command.Parameters.AddWithValue("@" + name, value ?? DBNull.Value);
        }
        return command;
    }
}
