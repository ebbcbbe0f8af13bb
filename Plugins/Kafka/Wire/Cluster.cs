using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>A partition and the broker that leads it; -1 while there is none.</summary>
internal readonly record struct PartitionPlace(int Partition, int Leader);

/// <summary>The brokers that are known, and one connection to each that is used.</summary>
internal sealed class Cluster(KafkaSpec spec, ConnectorContext context) : IAsyncDisposable
{
    private readonly Dictionary<int, (string Host, int Port)> _brokers = [];
    private readonly Dictionary<int, BrokerConnection> _open = [];
    private readonly SemaphoreSlim _gate = new(1);
    private BrokerConnection? _first;

    /// <summary>All topics that are not the brokers' own, with their partitions; or only those named.</summary>
    /// <returns>A topic that is not there is left out.</returns>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<PartitionPlace>>> TopicsAsync(IReadOnlyList<string>? names, CancellationToken cancellationToken)
    {
        var connection = await AnyAsync(cancellationToken).ConfigureAwait(false);
        // From version 4 on a question does not make the topic.
        var version = (short)(connection.Versions[(int)Api.Metadata].Most >= 4 ? 4 : 1);
        if (version == 1 && names is not null) names = [.. names.Intersect((await TopicsAsync(null, cancellationToken).ConfigureAwait(false)).Keys)];
        if (names is { Count: 0 }) return new Dictionary<string, IReadOnlyList<PartitionPlace>>();
        using var answer = await connection.CallAsync(Api.Metadata, version, w =>
        {
            w.List(names, static (w, n) => w.Text(n));
            if (version >= 4) w.Int8(0);
        }, cancellationToken).ConfigureAwait(false);
        return Read(answer.Body.Span, version);
    }

    private Dictionary<string, IReadOnlyList<PartitionPlace>> Read(ReadOnlySpan<byte> body, short version)
    {
        var reader = new WireReader(body);
        if (version >= 3) reader.Int32();
        var brokers = new Dictionary<int, (string, int)>();
        for (var n = reader.Count(); n > 0; n--)
        {
            brokers[reader.Int32()] = (reader.Text() ?? "", reader.Int32());
            reader.Text();
        }
        if (version >= 2) reader.Text();
        reader.Int32();
        lock (_brokers)
        {
            _brokers.Clear();
            foreach (var (id, place) in brokers) _brokers[id] = place;
        }
        var topics = new Dictionary<string, IReadOnlyList<PartitionPlace>>(StringComparer.Ordinal);
        for (var n = reader.Count(); n > 0; n--)
        {
            var (error, name, isInternal) = (reader.Int16(), reader.Text() ?? "", reader.Int8() != 0);
            var partitions = new List<PartitionPlace>();
            for (var p = reader.Count(); p > 0; p--)
            {
                reader.Int16();
                partitions.Add(new PartitionPlace(reader.Int32(), reader.Int32()));
                reader.Take(4 * reader.Count());
                reader.Take(4 * reader.Count());
            }
            if (error is 3 || isInternal) continue;
            if (error is not (Errors.None or 5)) throw Errors.From(error, $"Topic {name}");
            topics[name] = [.. partitions.OrderBy(p => p.Partition)];
        }
        return topics;
    }

    /// <summary>Notes where a broker is that another one named.</summary>
    public void Learn(int id, string host, int port)
    {
        lock (_brokers) _brokers[id] = (host, port);
    }

    /// <summary>The connection to a broker.</summary>
    public async Task<BrokerConnection> BrokerAsync(int id, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_open.TryGetValue(id, out var connection))
            {
                if (!connection.IsBroken) return connection;
                _open.Remove(id);
                await connection.DisposeAsync().ConfigureAwait(false);
            }
            (string Host, int Port) place;
            lock (_brokers)
                if (!_brokers.TryGetValue(id, out place)) throw new TransientException($"Broker {id} is not known to the others at the moment.");
            return _open[id] = await OpenAsync(place.Host, place.Port, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A connection to any broker, of those that are given first.</summary>
    public async Task<BrokerConnection> AnyAsync(CancellationToken cancellationToken)
    {
        if (_first is { IsBroken: false } known) return known;
        if (_first is not null) await _first.DisposeAsync().ConfigureAwait(false);
        Exception? last = null;
        List<(string Host, int Port)> places = [.. spec.Brokers.Select(Place)];
        lock (_brokers) places.AddRange(_brokers.Values.Except(places));
        foreach (var (host, port) in places)
        {
            try { return _first = await OpenAsync(host, port, cancellationToken).ConfigureAwait(false); }
            catch (TransientException e) { last = e; }
        }
        throw last!;
    }

    private async Task<BrokerConnection> OpenAsync(string host, int port, CancellationToken cancellationToken)
    {
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await BrokerConnection.OpenAsync(host, port, spec, Tls, cancellationToken).ConfigureAwait(false);
    }

    private static (string, int) Place(string broker)
    {
        var colon = broker.LastIndexOf(':');
        return colon > 0 && int.TryParse(broker[(colon + 1)..], out var port) && port is > 0 and < 65536
            ? (broker[..colon].Trim('[', ']'), port)
            : throw new TerminalException($"\"{broker}\" is no broker.", "Write host:port.");
    }

    /// <summary>Whom the settings trust, and the certificate to be shown.</summary>
    public SslClientAuthenticationOptions Tls()
    {
        var options = new SslClientAuthenticationOptions();
        if (spec.CaCertificate is { } authority)
        {
            var roots = Read(authority, static p => { var all = new X509Certificate2Collection(); all.ImportFromPemFile(p); return all; });
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }
        if (spec.ClientCertificate is { } own) options.ClientCertificates = [Read(own, static p => X509Certificate2.CreateFromPemFile(p))];
        return options;
    }

    private T Read<T>(string path, Func<string, T> read)
    {
        var real = new Roots(context.AllowedRoots).Check(Path.GetFullPath(path, context.BaseDirectory));
        try { return read(real); }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException) { throw new TerminalException($"{path} cannot be read as a certificate: {e.Message}", "Give a PEM file.", e); }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _open.Values) await connection.DisposeAsync().ConfigureAwait(false);
        if (_first is not null) await _first.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
    }
}
