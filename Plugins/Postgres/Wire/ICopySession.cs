using Npgsql;

namespace FlowForge.Plugins.Postgres.Wire;

/// <summary>A session that reads by COPY. Its calls block; one thread uses it.</summary>
internal interface ICopySession : IDisposable
{
    /// <summary>Runs a statement whose rows, if it has any, nobody wants.</summary>
    void Execute(string sql);

    /// <summary>Hands over the binary COPY stream of a SELECT, which must be read to its end.</summary>
    /// <param name="then">The SELECT of the next call, if it is known: the server may begin with it as soon as it has sent the last row of this one.</param>
    /// <param name="read">Reads it, during the call.</param>
    /// <param name="stop">Cancels the statement on the server.</param>
    void CopyOut(string select, string? then, Action<Stream> read, CancellationToken stop);
}

/// <summary>A session of the driver: any way to log in, encrypted or not.</summary>
internal sealed class DriverSession(NpgsqlConnection connection) : ICopySession
{
    public void Execute(string sql) => connection.Execute(sql);
    public void CopyOut(string select, string? then, Action<Stream> read, CancellationToken stop) => connection.CopyOut(select, read, stop);
    public void Dispose() => connection.Dispose();
}
