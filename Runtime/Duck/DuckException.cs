namespace FlowForge.Duck;

/// <summary>What kind of thing went wrong, from the first words of DuckDB's message.</summary>
public enum DuckErrorKind
{
    Unknown, Parser, Binder, Catalog, Constraint, Conversion, OutOfRange, InvalidInput, TypeMismatch, Io, OutOfMemory, Interrupt,
    Transaction, NotImplemented, Permission, Dependency, Settings, Connection, Serialization, Internal, Fatal,

    /// <summary>A managed source or function threw; the inner exception is the original.</summary>
    Managed,
}

/// <summary>An error from DuckDB. The message is DuckDB's own, with the line and a caret when it knows the place.</summary>
public sealed class DuckException : Exception
{
    public DuckException(DuckErrorKind kind, string message, Exception? inner = null) : base(message, inner)
    {
        Kind = kind;
    }

    public DuckErrorKind Kind { get; }

    /// <summary>The statement that failed, when known.</summary>
    public string? Sql { get; init; }

    /// <summary>Character position in <see cref="Sql"/> (0-based) of a parse or bind error, when DuckDB tells.</summary>
    public int? Position { get; init; }

    internal static DuckException From(string? message, string? sql, Exception? inner = null)
    {
        message = string.IsNullOrEmpty(message) ? "DuckDB reported an error without a message." : message;
        return new DuckException(inner is null ? KindOf(message) : DuckErrorKind.Managed, message, inner)
        {
            Sql = sql,
            Position = sql is null ? null : ErrorPlace.Find(message, sql),
        };
    }

    internal static DuckErrorKind KindOf(string message)
    {
        var colon = message.IndexOf(": ", StringComparison.Ordinal);
        return (colon < 0 ? "" : message[..colon]) switch
        {
            "Parser Error" or "Syntax Error" => DuckErrorKind.Parser,
            "Binder Error" or "Parameter Not Resolved Error" or "Parameter Not Allowed Error" => DuckErrorKind.Binder,
            "Catalog Error" => DuckErrorKind.Catalog,
            "Constraint Error" => DuckErrorKind.Constraint,
            "Conversion Error" or "Decimal Error" => DuckErrorKind.Conversion,
            "Out of Range Error" => DuckErrorKind.OutOfRange,
            "Invalid Input Error" or "Invalid type Error" or "Object Size Error" => DuckErrorKind.InvalidInput,
            "Mismatch Type Error" => DuckErrorKind.TypeMismatch,
            "IO Error" or "HTTP Error" or "Network Error" => DuckErrorKind.Io,
            "Out of Memory Error" => DuckErrorKind.OutOfMemory,
            "INTERRUPT Error" or "Interrupt Error" => DuckErrorKind.Interrupt,
            "TransactionContext Error" or "Transaction Error" => DuckErrorKind.Transaction,
            "Not implemented Error" => DuckErrorKind.NotImplemented,
            "Permission Error" => DuckErrorKind.Permission,
            "Dependency Error" or "Missing Extension Error" or "Extension Autoloading Error" => DuckErrorKind.Dependency,
            "Settings Error" or "Invalid Configuration Error" => DuckErrorKind.Settings,
            "Connection Error" => DuckErrorKind.Connection,
            "Serialization Error" => DuckErrorKind.Serialization,
            "INTERNAL Error" => DuckErrorKind.Internal,
            "FATAL Error" => DuckErrorKind.Fatal,
            _ => DuckErrorKind.Unknown,
        };
    }
}
