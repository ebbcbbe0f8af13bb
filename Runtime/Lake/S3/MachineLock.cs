namespace FlowForge.Lake.S3;

/// <summary>
/// Lets one thread of one process of this machine do something at a time, and tells the next one a number. For short work on the local disk only; the lock goes with the process.
/// </summary>
internal sealed class MachineLock(string path)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Waits until it is our turn.</summary>
    /// <exception cref="LakeStorageException">It never came.</exception>
    public MachineTurn Enter()
    {
        var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        for (var pause = 1; ; pause = Math.Min(pause * 2, 20))
        {
            try
            {
                return new MachineTurn(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
            }
            catch (DirectoryNotFoundException)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            }
            catch (IOException e) when (File.Exists(path))
            {
                if (Environment.TickCount64 > until)
                    throw new LakeStorageException("FF2704", $"The lake's cache has been locked by another process for {Patience.TotalSeconds:0} s: {path}. End that process if it hangs; the work is tried again.", true, e);
            }
            Thread.Sleep(Random.Shared.Next(1, pause + 1));
        }
    }
}

/// <summary>Our turn, until it is disposed.</summary>
internal sealed class MachineTurn(FileStream held) : IDisposable
{
    private const int Bytes = 2 * sizeof(long);

    /// <summary>The number that was said last, and when it was found out; null when none was.</summary>
    public (long Number, DateTime At)? Last
    {
        get
        {
            Span<byte> text = stackalloc byte[Bytes];
            held.Position = 0;
            if (held.ReadAtLeast(text, Bytes, throwOnEndOfStream: false) < Bytes) return null;
            var (number, ticks) = (BitConverter.ToInt64(text), BitConverter.ToInt64(text[sizeof(long)..]));
            // It is not flushed, so after a power loss anything may be there.
            return number >= 0 && ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? (number, new DateTime(ticks, DateTimeKind.Utc)) : null;
        }
        set
        {
            Span<byte> text = stackalloc byte[Bytes];
            BitConverter.TryWriteBytes(text, value!.Value.Number);
            BitConverter.TryWriteBytes(text[sizeof(long)..], value.Value.At.Ticks);
            held.Position = 0;
            held.Write(text);
        }
    }

    public void Dispose() => held.Dispose();
}
