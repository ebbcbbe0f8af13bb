using System.Text.RegularExpressions;
using Npgsql;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>What the server says of rows that it does not take, with the row and the column.</summary>
internal static partial class WriteFailures
{
    /// <summary>Whether the driver or the network threw it; what the giver of the rows throws stays as it is.</summary>
    public static bool Concern(Exception e) => e is NpgsqlException or IOException or System.Net.Sockets.SocketException or TimeoutException;

    /// <param name="where">The table.</param>
    public static Exception From(Exception failure, string where, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return new OperationCanceledException("The write was cancelled.", failure, cancellationToken);
        if (failure is not PostgresException server) return Failures.From(failure, where, cancellationToken);
        if (server.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            return new TerminalException($"{where}: {server.MessageText} [42501]", "The login makes tables (CREATE on the schema, or let somebody make them for it) and needs SELECT, INSERT, UPDATE and DELETE on them and on flowforge_deliveries.", failure);
        // Classes 22 and 23: a value, or a rule of the table.
        if (server.SqlState is not ['2', '2' or '3', ..]) return Failures.From(failure, where, cancellationToken);
        var place = PlacePattern().Match(server.Where ?? "");
        var row = place.Success ? $" in row {place.Groups["row"].Value}{(server.ColumnName ?? Column(place)) switch { { Length: > 0 } column => $", column {column}", _ => "" }}" : "";
        var detail = server.Detail is { Length: > 0 } said && server.SqlState == PostgresErrorCodes.UniqueViolation ? $" ({said})" : "";
        return new TerminalException($"{where}: {server.MessageText}{detail}{row} [{server.SqlState}]. Nothing was changed there.", server.SqlState switch
        {
            PostgresErrorCodes.UniqueViolation => "Rows have the same key: make them unique in the SQL of the delivered table, or drop the index.",
            PostgresErrorCodes.StringDataRightTruncation => "Widen the column there, or cut the text in the SQL of the delivered table.",
            PostgresErrorCodes.NotNullViolation => "Allow NULL there, or leave such rows out in the SQL of the delivered table.",
            _ => "Change the table there, or the rows in the SQL of the delivered table.",
        }, failure);
    }

    private static string? Column(Match place) => place.Groups["column"] is { Success: true } group ? group.Value : null;

    // COPY sales, line 3, column name: "…"
    [GeneratedRegex(@"COPY .*?, line (?<row>\d+)(, column (?<column>[^:\n]+))?", RegexOptions.CultureInvariant)]
    private static partial Regex PlacePattern();
}
