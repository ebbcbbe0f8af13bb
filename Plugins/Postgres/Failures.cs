using System.Net.Sockets;
using Npgsql;

namespace FlowForge.Plugins.Postgres;

/// <summary>What the server or the network said, as the contract's errors.</summary>
internal static class Failures
{
    /// <param name="failure">Any exception of the driver.</param>
    /// <param name="where">The table, query or server it was about.</param>
    /// <param name="cancellationToken">When it is cancelled, the failure is only its echo.</param>
    public static Exception From(Exception failure, string where, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return new OperationCanceledException("The read was cancelled.", failure, cancellationToken);
        return failure switch
        {
            TerminalException or TransientException or OperationCanceledException => failure,
            PostgresException server => FromServer(server, where),
            NpgsqlException { InnerException: System.Security.Authentication.AuthenticationException tls } =>
                new TerminalException($"{where}: no encrypted connection: {tls.Message}", "Check ssl_mode and ssl_root_certificate.", failure),
            NpgsqlException { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } } =>
                new TerminalException($"{where}: no host of that name is known.", "Check host.", failure),
            NpgsqlException { IsTransient: true } or NpgsqlException { InnerException: IOException or SocketException or TimeoutException } or SocketException or TimeoutException or IOException =>
                new TransientException($"{where}: {Innermost(failure).Message}", inner: failure),
            NpgsqlException when failure.Message.Contains("SSL", StringComparison.Ordinal) =>
                new TerminalException($"{where}: {failure.Message}", "Check ssl_mode: the server may offer no encryption.", failure),
            NpgsqlException when failure.Message.Contains("password", StringComparison.OrdinalIgnoreCase) =>
                new TerminalException($"{where}: the server asks for a password, and none is given.", "Set password.", failure),
            _ => new TerminalException($"{where}: {failure.Message}", inner: failure),
        };
    }

    private static Exception FromServer(PostgresException e, string where)
    {
        var message = $"{where}: {e.MessageText}{(e.Detail is { Length: > 0 } detail ? $" ({detail})" : "")} [{e.SqlState}]";
        if (Passes(e.SqlState)) return new TransientException(message, inner: e);
        return new TerminalException(message, e.SqlState switch
        {
            "28P01" or "28000" => "Check user, password and the server's pg_hba.conf.",
            "3D000" => "Check database.",
            "42P01" => "Check the name; a table outside the listed schemas is written as schema.name.",
            "42501" => "Give the login the right to read it: GRANT SELECT ON … TO …",
            "42703" or "42601" or "42883" or "42P18" => "Correct the query.",
            "22P03" or "22021" => "The text in this table is not valid in the server's encoding: mend it, or leave the column out with a query.",
            _ => null,
        }, e);
    }

    // Connection trouble, too little of something, conflicts between transactions, a server that starts or stops.
    private static bool Passes(string state) =>
        state is "40001" or "40P01" or "55P03" or "55006" or "57014" or "57P01" or "57P02" or "57P03" or "57P05" or "58000" or "58030"
        || state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal);

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
