using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace FlowForge.Plugins.Sftp;

/// <summary>The server refused a request.</summary>
internal sealed class SftpException(uint code, string message) : IOException(message)
{
    public const uint EndOfFile = 1, NoSuchFile = 2, PermissionDenied = 3, Failure = 4;

    public uint Code { get; } = code;
}

/// <summary>One login: SFTP, version 3, over the pipes of an ssh process. Requests may be under way at once. Any thread may call; dispose it to log out.</summary>
internal sealed class SftpSession : IDisposable
{
    private const int MostAnswerBytes = 1 << 20, MostReadBytes = 255 << 10;
    private const byte StatusKind = 101;
    private const string LimitsExtension = "limits@openssh.com";
    private readonly Process _process;
    private readonly SftpSpec _spec;
    private readonly Stream _out;
    private readonly Task<string> _errors;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<uint, Waiting> _waiting = new();
    private uint _last;
    private Exception? _ended;
    private long _heard = Stopwatch.GetTimestamp();

    private SftpSession(Process process, SftpSpec spec) => (_process, _spec, _out, _errors) = (process, spec, process.StandardInput.BaseStream, process.StandardError.ReadToEndAsync());

    /// <summary>Whether the connection still stands, as far as is known.</summary>
    public bool IsAlive => Volatile.Read(ref _ended) is null;

    /// <summary>Bytes that one read may ask for: what each server must know, or as many as this one says that it gives.</summary>
    public int ReadBytes { get; private set; } = 32 << 10;

    /// <exception cref="TerminalException">The server is not the expected one, or refuses the login.</exception>
    /// <exception cref="TransientException">No answer.</exception>
    public static async Task<SftpSession> OpenAsync(SftpSpec spec, SshKeys keys, CancellationToken cancellationToken)
    {
        await keys.PinAsync(cancellationToken).ConfigureAwait(false);
        var session = new SftpSession(SshProcess.Start(Command(spec, keys)), spec);
        try
        {
            session.Send(Packet(1, w => w.Number(3)));
            var version = await session.FirstAsync().WaitAsync(spec.Timeout + TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false);
            if (version.Length < 5 || version[0] != 2) throw NotSftp(spec);
            _ = Task.Factory.StartNew(session.ReadLoop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            if (Offers(version, LimitsExtension)) await session.LearnLimitsAsync(cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch (Exception e)
        {
            SshProcess.End(session._process);
            var said = e is IOException or EndOfStreamException ? await session._errors.ConfigureAwait(false) : "";
            session.Dispose();
            throw e switch
            {
                IOException => SshProcess.Failure(spec, said),
                TimeoutException => new TransientException($"{spec.User}@{spec.Host}:{spec.Port}: no answer within {spec.Timeout.TotalSeconds:0} s.", inner: e),
                InvalidDataException => NotSftp(spec, e),
                _ => e,
            };
        }
    }

    private static bool Offers(byte[] version, string extension)
    {
        for (var reader = new PacketReader(version, 5); !reader.IsAtEnd; reader.Bytes())
            if (reader.Text() == extension) return true;
        return false;
    }

    // Fewer and larger answers cost both sides less. A server that does not say its limits gets reads of 32 KB.
    private async Task LearnLimitsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reader = new PacketReader(await AskAsync(200, w => w.Text(LimitsExtension), cancellationToken).ConfigureAwait(false), 5);
            var (packet, read) = (reader.Long(), reader.Long());
            // Nought is "no limit".
            if (packet is > 0 and < 34 << 10) return;
            ReadBytes = (int)Math.Clamp(Math.Min(read == 0 ? ulong.MaxValue : read, packet == 0 ? ulong.MaxValue : packet - 1024), 32 << 10, MostReadBytes);
        }
        catch (SftpException) { /* It knows the word and nothing else: the small reads work everywhere. */ }
    }

    private static TerminalException NotSftp(SftpSpec spec, Exception? inner = null) =>
        new($"{spec.Host} answers, but not as SFTP.", "Check host and port; some servers print a greeting, which their operator must switch off for SFTP.", inner);

    private static ProcessStartInfo Command(SftpSpec spec, SshKeys keys)
    {
        var start = SshProcess.Program("ssh");
        string[] options =
        [
            "StrictHostKeyChecking=yes", $"UserKnownHostsFile={keys.KnownHostsPath}", "GlobalKnownHostsFile=/dev/null", "UpdateHostKeys=no", "IdentityAgent=none", "IdentitiesOnly=yes", "NumberOfPasswordPrompts=1", "ClearAllForwardings=yes",
            "PermitLocalCommand=no", "ServerAliveInterval=15", "ServerAliveCountMax=3", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"ConnectTimeout={Math.Max(1, (int)spec.Timeout.TotalSeconds)}"), "LogLevel=ERROR",
            keys.KeyPath is null ? "PubkeyAuthentication=no" : "PreferredAuthentications=publickey",
        ];
        foreach (var argument in new[] { "-F", "/dev/null", "-a", "-x", "-T", "-l", spec.User, "-p", spec.Port.ToString(System.Globalization.CultureInfo.InvariantCulture) }) start.ArgumentList.Add(argument);
        foreach (var option in options) { start.ArgumentList.Add("-o"); start.ArgumentList.Add(option); }
        if (keys.KeyPath is { } key) { start.ArgumentList.Add("-i"); start.ArgumentList.Add(key); }
        foreach (var argument in new[] { "-s", "--", spec.Host, "sftp" }) start.ArgumentList.Add(argument);
        start.Environment.Remove("SSH_AUTH_SOCK");
        start.Environment["SSH_ASKPASS_REQUIRE"] = keys.AskPath is null ? "never" : "force";
        if (keys.AskPath is not null) (start.Environment["SSH_ASKPASS"], start.Environment["DISPLAY"]) = (keys.AskPath, ":0");
        return start;
    }

    /// <summary>Sends a request and gives the whole answer, its kind first. A refusal is an <see cref="SftpException"/>.</summary>
    public async Task<byte[]> AskAsync(byte kind, Action<PacketWriter> write, CancellationToken cancellationToken) => (await AskAsync(kind, write, isRead: false, cancellationToken).ConfigureAwait(false)).Array!;

    /// <summary>The bytes at a place, fewer than asked where the server likes; none at the end. Their array is from the shared pool, and the caller's to give back.</summary>
    public async Task<ArraySegment<byte>> ReadAsync(byte[] handle, long offset, int count, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await AskAsync(5, w => { w.Bytes(handle); w.Long((ulong)offset); w.Number((uint)count); }, isRead: true, cancellationToken).ConfigureAwait(false);
            var length = answer.Count < 9 ? -1 : BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(5));
            return length >= 0 && length <= Math.Min(count, answer.Count - 9) ? answer.Slice(9, length) : throw new InvalidDataException("An answer says that it has other bytes than were asked for.");
        }
        catch (SftpException e) when (e.Code == SftpException.EndOfFile) { return default; }
    }

    private async Task<ArraySegment<byte>> AskAsync(byte kind, Action<PacketWriter> write, bool isRead, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _last);
        var waiting = _waiting[id] = new Waiting(isRead);
        try
        {
            if (Volatile.Read(ref _ended) is { } ended) throw Lost(ended);
            try { Send(Packet(kind, w => { w.Number(id); write(w); })); }
            catch (IOException e) { throw Lost(Volatile.Read(ref _ended) ?? e); }
            var answer = await AnswerAsync(waiting.Task, cancellationToken).ConfigureAwait(false);
            if (answer[0] != StatusKind) return answer;
            var reader = new PacketReader(answer.Array!, 5);
            var code = reader.Number();
            return code == 0 ? answer : throw new SftpException(code, reader.IsAtEnd ? $"status {code}" : reader.Text());
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    /// <summary>Waits as long as anything comes: over a slow line many answers are under way before this one. A server that has fallen silent is given up, with the whole login.</summary>
    private async Task<ArraySegment<byte>> AnswerAsync(Task<ArraySegment<byte>> waiting, CancellationToken cancellationToken)
    {
        while (true)
        {
            try { return await waiting.WaitAsync(_spec.Timeout, cancellationToken).ConfigureAwait(false); }
            catch (TimeoutException e)
            {
                if (Stopwatch.GetElapsedTime(Volatile.Read(ref _heard)) < _spec.Timeout) continue;
                var silent = new TransientException($"{_spec.User}@{_spec.Host}:{_spec.Port}: no answer within {_spec.Timeout.TotalSeconds:0} s.", inner: e);
                Volatile.Write(ref _ended, silent);
                SshProcess.End(_process);
                throw silent;
            }
        }
    }

    private TransientException Lost(Exception inner) => new($"{_spec.User}@{_spec.Host}:{_spec.Port}: the connection was lost.", inner: inner);

    private void ReadLoop()
    {
        try
        {
            var stream = _process.StandardOutput.BaseStream;
            Span<byte> head = stackalloc byte[9];
            while (true)
            {
                // Every answer has a kind and a number behind its length.
                stream.ReadExactly(head);
                var size = Size(head);
                if (size < 5) throw new InvalidDataException($"An answer says that it has {size} bytes.");
                var isWanted = _waiting.TryRemove(BinaryPrimitives.ReadUInt32BigEndian(head[5..]), out var waiting);
                var packet = isWanted && waiting!.IsRead && head[4] != StatusKind ? ArrayPool<byte>.Shared.Rent(size) : new byte[size];
                head[4..].CopyTo(packet);
                stream.ReadExactly(packet, 5, size - 5);
                Volatile.Write(ref _heard, Stopwatch.GetTimestamp());
                if (isWanted) waiting!.TrySetResult(new ArraySegment<byte>(packet, 0, size));
            }
        }
        catch (Exception e)
        {
            Volatile.Write(ref _ended, e);
            foreach (var (_, waiting) in _waiting) waiting.TrySetException(Lost(e));
        }
    }

    private Task<byte[]> FirstAsync() => Task.Run(() =>
    {
        var stream = _process.StandardOutput.BaseStream;
        Span<byte> length = stackalloc byte[4];
        stream.ReadExactly(length);
        var packet = new byte[Size(length)];
        stream.ReadExactly(packet);
        return packet;
    });

    private static int Size(ReadOnlySpan<byte> length)
    {
        var size = BinaryPrimitives.ReadUInt32BigEndian(length);
        return size is > 0 and <= MostAnswerBytes ? (int)size : throw new InvalidDataException($"An answer says that it has {size} bytes.");
    }

    private void Send(byte[] packet)
    {
        lock (_gate)
        {
            _out.Write(packet);
            _out.Flush();
        }
    }

    private static byte[] Packet(byte kind, Action<PacketWriter> write)
    {
        var writer = new PacketWriter(kind);
        write(writer);
        return writer.Finish();
    }

    public void Dispose()
    {
        SshProcess.End(_process);
        _process.WaitForExit(TimeSpan.FromSeconds(5));
        _process.Dispose();
    }
}

/// <summary>A request that is under way.</summary>
/// <param name="isRead">Its answer is data of a file, and goes into an array of the pool.</param>
internal sealed class Waiting(bool isRead) : TaskCompletionSource<ArraySegment<byte>>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public bool IsRead { get; } = isRead;
}

/// <summary>Makes one packet.</summary>
internal sealed class PacketWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    // The length is written last.
    public PacketWriter(byte kind) => _bytes.Write<byte>([0, 0, 0, 0, kind]);

    public void Number(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        _bytes.Write(bytes);
    }

    public void Long(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        _bytes.Write(bytes);
    }

    public void Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number((uint)value.Length);
        _bytes.Write(value);
    }

    public byte[] Finish()
    {
        var packet = _bytes.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(packet, (uint)packet.Length - 4);
        return packet;
    }
}

/// <summary>Takes one packet apart.</summary>
internal sealed class PacketReader(byte[] packet, int position)
{
    public bool IsAtEnd => position >= packet.Length;
    public uint Number() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));
    public ulong Long() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));
    public string Text() => Encoding.UTF8.GetString(Bytes());
    public ReadOnlySpan<byte> Bytes() => Take((int)Number());

    /// <summary>Size, kind and time of a file.</summary>
    public SftpFacts Facts()
    {
        var flags = Number();
        long? size = (flags & 1) != 0 ? (long)Long() : null;
        if ((flags & 2) != 0) Take(8);
        uint? mode = (flags & 4) != 0 ? Number() : null;
        DateTimeOffset? modified = null;
        if ((flags & 8) != 0)
        {
            Take(4);
            modified = DateTimeOffset.FromUnixTimeSeconds(Number());
        }
        if ((flags & 0x80000000) != 0)
            for (var left = Number(); left > 0; left--)
            {
                Bytes();
                Bytes();
            }
        return new SftpFacts(size, mode, modified);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > packet.Length - position) throw new InvalidDataException("An answer ends too early.");
        var bytes = packet.AsSpan(position, count);
        position += count;
        return bytes;
    }
}

/// <summary>What the server says of a file.</summary>
internal readonly record struct SftpFacts(long? Size, uint? Mode, DateTimeOffset? Modified)
{
    private const uint KindMask = 0xf000;

    public bool IsFolder => (Mode & KindMask) == 0x4000;
    public bool IsLink => (Mode & KindMask) == 0xa000;
    public bool IsFile => Mode is null || (Mode & KindMask) == 0x8000;
}
