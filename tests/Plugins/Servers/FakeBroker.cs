using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>One message of <see cref="FakeBroker"/>.</summary>
public sealed record FakeMessage(long Offset, string? Value, string? Key = null, long Time = 1_700_000_000_000);

/// <summary>
/// A broker of our own making for what librdkafka's mock cluster does not know: logins, TLS, transactions, compacted topics, partitions that are added. It answers from batches that a test laid down.
/// </summary>
public sealed class FakeBroker : IDisposable
{
    public const string Topic = "t", User = "alice", Password = "s3cret-of-the-tests";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2? _certificate;
    private readonly string? _mechanism;

    /// <param name="certificate">With it the broker speaks TLS.</param>
    /// <param name="mechanism">PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; with it a login is needed.</param>
    public FakeBroker(X509Certificate2? certificate = null, string? mechanism = null)
    {
        (_certificate, _mechanism) = (certificate, mechanism);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>By partition the batches, in order.</summary>
    public SortedDictionary<int, List<byte[]>> Log { get; } = [];
    public Dictionary<int, long> Ends { get; } = [];
    public Dictionary<int, long> Starts { get; } = [];
    /// <summary>Transactions that were given up: producer, first offset, offset of the marker.</summary>
    public List<(long Producer, long First, long Last)> Aborted { get; } = [];
    /// <summary>What the broker says its messages of a time begin at.</summary>
    public long AtTime { get; set; } = -1;
    /// <summary>Error numbers to answer fetches with before it goes on well.</summary>
    public Queue<short> Errors { get; } = new();
    /// <summary>The last stable offset that answers tell; the partition's end unless given.</summary>
    public long? Stable { get; set; }
    public int Fetches { get; private set; }

    public void Add(int partition, params FakeMessage[] messages) => Append(partition, Batch(messages));

    public void Append(int partition, byte[] batch)
    {
        lock (Log)
        {
            if (!Log.TryGetValue(partition, out var batches)) Log[partition] = batches = [];
            batches.Add(batch);
            Ends[partition] = BinaryPrimitives.ReadInt64BigEndian(batch) + BinaryPrimitives.ReadInt32BigEndian(batch.AsSpan(23)) + 1;
        }
    }

    /// <summary>The same batch at another offset, which its checksum does not cover.</summary>
    public static byte[] At(byte[] batch, long offset)
    {
        var copy = (byte[])batch.Clone();
        BinaryPrimitives.WriteInt64BigEndian(copy, offset);
        return copy;
    }

    /// <param name="producer">-1 for none; with one the batch belongs to a transaction.</param>
    /// <param name="last">Offset of the last message that the batch once had: compaction leaves it.</param>
    public static byte[] Batch(FakeMessage[] messages, long producer = -1, long? last = null, bool isControl = false, byte[]? controlKey = null, byte[]? value = null)
    {
        var start = messages[0].Offset;
        var records = new MemoryStream();
        foreach (var m in messages)
        {
            var record = new MemoryStream();
            record.WriteByte(0);
            Varint(record, m.Time - messages[0].Time);
            Varint(record, m.Offset - start);
            Bytes(record, controlKey ?? (m.Key is null ? null : Encoding.UTF8.GetBytes(m.Key)));
            Bytes(record, value ?? (m.Value is null ? null : Encoding.UTF8.GetBytes(m.Value)));
            Varint(record, 0);
            Bytes(records, record.ToArray());
        }
        var body = new Writer().Int16((short)((producer >= 0 ? 16 : 0) | (isControl ? 32 : 0))).Int32((int)((last ?? messages[^1].Offset) - start)).Int64(messages[0].Time).Int64(messages[^1].Time).Int64(producer).Int16(0).Int32(-1).Int32(messages.Length).Raw(records.ToArray()).Done;
        return new Writer().Int64(start).Int32(body.Length + 9).Int32(0).Raw([2]).Int32((int)Crc(body)).Raw(body).Done;
    }

    /// <summary>The marker that ends a producer's transaction.</summary>
    public static byte[] End(long offset, long producer, bool commit) => Batch([new FakeMessage(offset, null)], producer, isControl: true, controlKey: [0, 0, 0, (byte)(commit ? 1 : 0)]);

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { /* The test is over. */ }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            Stream stream = client.GetStream();
            if (_certificate is not null)
            {
                var secure = new SslStream(stream);
                await secure.AuthenticateAsServerAsync(_certificate);
                stream = secure;
            }
            var session = new Session(_mechanism);
            var head = new byte[4];
            while (true)
            {
                await stream.ReadExactlyAsync(head, _stop.Token);
                var request = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
                await stream.ReadExactlyAsync(request, _stop.Token);
                var answer = Answer(new Reader(request), session);
                if (answer is null) return;
                await stream.WriteAsync(new Writer().Int32(answer.Length).Raw(answer).Done, _stop.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException or ObjectDisposedException) { /* The client went away. */ }
    }

    private byte[]? Answer(Reader request, Session session)
    {
        var (api, _) = (request.Int16(), request.Int16());
        var answer = new Writer().Int32(request.Int32());
        request.Text();
        if (api is not (17 or 18 or 36) && !session.IsIn) return null;
        lock (Log)
            return api switch
            {
                18 => answer.Int16(0).Int32(6).Raw([.. new short[] { 1, 2, 3, 17, 18, 36 }.SelectMany(a => new Writer().Int16(a).Int16(0).Int16(9).Done)]).Done,
                17 => session.Handshake(request.Text(), answer),
                36 => session.Authenticate(request.Bytes(), answer),
                3 => answer.Int32(0).Int32(1).Int32(7).Text("127.0.0.1").Int32(Port).Text(null).Text("fake").Int32(7).Int32(1).Int16(0).Text(Topic).Raw([0]).Int32(Log.Count)
                    .Raw([.. Log.Keys.SelectMany(p => new Writer().Int16(0).Int32(p).Int32(7).Int32(1).Int32(7).Int32(1).Int32(7).Done)]).Done,
                2 => Offsets(request, answer),
                1 => Fetch(request, answer),
                _ => null,
            };
    }

    private byte[] Offsets(Reader request, Writer answer)
    {
        request.Int32();
        request.Raw(1);
        request.Int32();
        request.Text();
        answer.Int32(0).Int32(1).Text(Topic);
        var count = request.Int32();
        answer.Int32(count);
        for (; count > 0; count--)
        {
            var (partition, at) = (request.Int32(), request.Int64());
            answer.Int32(partition).Int16(0).Int64(-1).Int64(at switch { -1 => Ends[partition], -2 => Starts.GetValueOrDefault(partition), _ => AtTime });
        }
        return answer.Done;
    }

    private byte[] Fetch(Reader request, Writer answer)
    {
        Fetches++;
        request.Raw(4 + 4 + 4 + 4 + 1 + 4);
        request.Text();
        var count = request.Int32();
        var error = Errors.TryDequeue(out var next) ? next : (short)0;
        answer.Int32(0).Int32(1).Text(Topic).Int32(count);
        for (; count > 0; count--)
        {
            var (partition, from) = (request.Int32(), request.Int64());
            request.Raw(12);
            var batches = error != 0 ? [] : Log[partition].Where(b => BinaryPrimitives.ReadInt64BigEndian(b) + BinaryPrimitives.ReadInt32BigEndian(b.AsSpan(23)) >= from).Take(2).ToArray();
            answer.Int32(partition).Int16(from < Starts.GetValueOrDefault(partition) ? (short)1 : error).Int64(Ends[partition]).Int64(Stable ?? Ends[partition]).Int64(0).Int32(Aborted.Count(a => a.Last >= from));
            foreach (var (producer, first, _) in Aborted.Where(a => a.Last >= from)) answer.Int64(producer).Int64(first);
            // The last batch is cut off, as brokers do when an answer is full.
            byte[] cut = batches.Length == 0 ? [] : batches[^1][..Math.Min(70, batches[^1].Length)];
            answer.Int32(batches.Sum(b => b.Length) + cut.Length);
            foreach (var batch in batches) answer.Raw(batch);
            answer.Raw(cut);
        }
        return answer.Done;
    }

    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes) crc = BitOperations.Crc32C(crc, one);
        return ~crc;
    }

    private static void Bytes(Stream to, byte[]? bytes)
    {
        Varint(to, bytes?.Length ?? -1);
        to.Write(bytes ?? []);
    }

    private static void Varint(Stream to, long value)
    {
        var rest = (ulong)((value << 1) ^ (value >> 63));
        for (; rest >= 0x80; rest >>= 7) to.WriteByte((byte)(rest | 0x80));
        to.WriteByte((byte)rest);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    /// <summary>The server's side of a login.</summary>
    private sealed class Session(string? mechanism)
    {
        private readonly byte[] _salt = RandomNumberGenerator.GetBytes(16);
        private string _first = "", _challenge = "";

        public bool IsIn { get; private set; } = mechanism is null;

        public byte[] Handshake(string? wanted, Writer answer) => answer.Int16((short)(wanted == mechanism ? 0 : 33)).Int32(1).Text(mechanism).Done;

        public byte[] Authenticate(byte[] bytes, Writer answer)
        {
            var text = Encoding.UTF8.GetString(bytes);
            if (mechanism == "PLAIN") return text == $"\0{User}\0{Password}" ? In(answer, "") : Refused(answer);
            if (_challenge.Length == 0)
            {
                _first = text["n,,".Length..];
                _challenge = $"r={_first[(_first.IndexOf("r=", StringComparison.Ordinal) + 2)..]}server,s={Convert.ToBase64String(_salt)},i=4096";
                return answer.Int16(0).Text(null).Bytes(Encoding.UTF8.GetBytes(_challenge)).Done;
            }
            var hash = mechanism == "SCRAM-SHA-256" ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512;
            var (last, proof) = (text[..text.IndexOf(",p=", StringComparison.Ordinal)], Convert.FromBase64String(text[(text.IndexOf(",p=", StringComparison.Ordinal) + 3)..]));
            var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(Password), _salt, 4096, hash, hash == HashAlgorithmName.SHA256 ? 32 : 64);
            byte[] Mac(byte[] key, string what) => CryptographicOperations.HmacData(hash, key, Encoding.UTF8.GetBytes(what));
            var stored = CryptographicOperations.HashData(hash, Mac(salted, "Client Key"));
            var message = $"{_first},{_challenge},{last}";
            var key = Mac(stored, message).Zip(proof, (a, b) => (byte)(a ^ b)).ToArray();
            return CryptographicOperations.HashData(hash, key).SequenceEqual(stored) ? In(answer, "v=" + Convert.ToBase64String(Mac(Mac(salted, "Server Key"), message))) : Refused(answer);
        }

        private byte[] In(Writer answer, string last)
        {
            IsIn = true;
            return answer.Int16(0).Text(null).Bytes(Encoding.UTF8.GetBytes(last)).Done;
        }

        private static byte[] Refused(Writer answer) => answer.Int16(58).Text("Authentication failed").Bytes([]).Done;
    }

    private sealed class Writer
    {
        private readonly List<byte> _bytes = [];

        public byte[] Done => [.. _bytes];
        public Writer Raw(byte[] bytes) { _bytes.AddRange(bytes); return this; }
        public Writer Int16(short value) => Number(2, b => BinaryPrimitives.WriteInt16BigEndian(b, value));
        public Writer Int32(int value) => Number(4, b => BinaryPrimitives.WriteInt32BigEndian(b, value));
        public Writer Int64(long value) => Number(8, b => BinaryPrimitives.WriteInt64BigEndian(b, value));
        public Writer Text(string? text) => text is null ? Int16(-1) : Int16((short)Encoding.UTF8.GetByteCount(text)).Raw(Encoding.UTF8.GetBytes(text));
        public Writer Bytes(byte[] bytes) => Int32(bytes.Length).Raw(bytes);

        private Writer Number(int size, Action<byte[]> write)
        {
            var bytes = new byte[size];
            write(bytes);
            return Raw(bytes);
        }
    }

    private sealed class Reader(byte[] bytes)
    {
        private int _at;

        public ReadOnlySpan<byte> Raw(int count) => bytes.AsSpan((_at += count) - count, count);
        public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Raw(2));
        public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Raw(4));
        public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Raw(8));
        public byte[] Bytes() => Raw(Int32()).ToArray();
        public string? Text() => Int16() is >= 0 and var length ? Encoding.UTF8.GetString(Raw(length)) : null;
    }
}
