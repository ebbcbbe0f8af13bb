using FlowForge.Plugins.Postgres.Wire;
using Npgsql;

namespace FlowForge.Plugins.Postgres;

/// <summary>The server as the settings describe it. Nothing is pooled: a connector lives for one use.</summary>
internal sealed class Server(PostgresServerSpec spec, ConnectorContext context) : IDisposable
{
    /// <summary>A connection on which nothing comes for so long is asked for, and again after each of the shorter times: one without a peer ends in two minutes, not in hours.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(30), SilenceBetween = TimeSpan.FromSeconds(10);

    private NpgsqlDataSource? _source;
    private volatile bool _driverOnly;

    private string Where => $"{spec.Host}:{spec.Port}/{spec.Database}";

    /// <summary>A connection; it counts as a request of the rate limit.</summary>
    /// <exception cref="TerminalException">The server refuses, and will again.</exception>
    /// <exception cref="TransientException">It may answer later.</exception>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await ConnectAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Blocks until the connection's rate limit lets the next statement through.</summary>
    public void WaitForPace(CancellationToken cancellationToken) => context.Pace.WaitAsync(cancellationToken).AsTask().GetAwaiter().GetResult();

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        try { return await Source().OpenConnectionAsync(cancellationToken).ConfigureAwait(false); }
        catch (Exception e) { throw Failures.From(e, Where, cancellationToken); }
    }

    /// <summary>A session for a thread that blocks on what it reads.</summary>
    public ICopySession OpenCopy(CancellationToken cancellationToken)
    {
        WaitForPace(cancellationToken);
        if (!_driverOnly && PlainSession.TryOpen(Settings()) is { } plain) return plain;
        // Asked once: a server that speaks only encrypted notes each such question in its log.
        _driverOnly = true;
        return new DriverSession(ConnectAsync(cancellationToken).GetAwaiter().GetResult());
    }

    public NpgsqlConnectionStringBuilder Settings()
    {
        var settings = Login();
        if (Path.IsPathRooted(spec.Host)) return settings;
        // The driver's own KeepAlive asks between statements only; inside of one, nothing else tells that the other side is gone.
        (settings.TcpKeepAlive, settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (true, (int)Silence.TotalSeconds, (int)SilenceBetween.TotalSeconds);
        return settings;
    }

    private NpgsqlConnectionStringBuilder Login() => new()
    {
        Host = spec.Host, Port = spec.Port, Database = spec.Database, Username = spec.User,
        Password = spec.Password.IsEmpty ? null : spec.Password.Reveal(),
        SslMode = Enum.Parse<SslMode>(spec.SslMode switch { SslUse.VerifyCa => "VerifyCA", _ => spec.SslMode.ToString() }),
        RootCertificate = spec.SslRootCertificate is { } file ? Certificate(file) : null,
        Timeout = Math.Clamp((int)spec.ConnectTimeout.TotalSeconds, 1, 1024),
        // A long COPY is not a hanging one; cancellation ends it.
        CommandTimeout = 0, Pooling = false, Enlist = false, ApplicationName = "FlowForge", KeepAlive = 30, IncludeErrorDetail = true,
        ReadBufferSize = 1 << 17,
    };

    private NpgsqlDataSource Source()
    {
        if (_source is not null) return _source;
        var builder = new NpgsqlDataSourceBuilder(Settings().ConnectionString);
        // Types are looked up by their ids where they are needed: a database with thousands of them does not slow the start.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        return _source = builder.Build();
    }

    // A link out of the allowed folders would let a pipeline read any file's first lines through an error message.
    private string Certificate(string file)
    {
        var full = Path.GetFullPath(file, context.BaseDirectory);
        var real = new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full;
        return context.AllowedRoots.Any(root => real.StartsWith(Path.GetFullPath(root).TrimEnd('/') + "/", StringComparison.Ordinal)) && File.Exists(real)
            ? real
            : throw new TerminalException($"ssl_root_certificate {file} is not a file below {string.Join(", ", context.AllowedRoots)}.", "Put the certificate into the pipeline's folder.");
    }

    public void Dispose() => _source?.Dispose();
}

/// <summary>Short forms of what every part does with a connection.</summary>
internal static class ConnectionExtensions
{
    public static async Task ExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using var _ = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>For readers, which block a thread of their own.</summary>
    public static void Execute(this NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>Hands over the binary COPY stream of a SELECT, which must be read to its end. Blocks.</summary>
    /// <param name="read">Reads it, during the call.</param>
    /// <param name="stop">Cancels the statement on the server.</param>
    public static void CopyOut(this NpgsqlConnection connection, string select, Action<Stream> read, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        using var copy = connection.BeginRawBinaryCopy($"COPY ({select}) TO STDOUT (FORMAT binary)");
        using (stop.Register(static c => ((NpgsqlRawCopyStream)c!).Cancel(), copy)) read(copy);
    }

    public static async Task<T?> ScalarAsync<T>(this NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params List<object> parameters)
    {
        var command = connection.Command(sql, [.. parameters]);
        await using var _ = command.ConfigureAwait(false);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is T value ? value : default;
    }

    public static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, params List<object> parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }
}
