using System.Buffers;
using Amazon.Runtime;
using Amazon.S3.Model;
using Microsoft.Win32.SafeHandles;

namespace FlowForge.Lake.S3;

/// <summary>The body of an answer, which can break off or bring nothing more for ever.</summary>
/// <param name="answer">Owned by the caller.</param>
/// <param name="stallTime">After so long without a byte it counts as broken off.</param>
internal sealed class S3Body(GetObjectResponse answer, TimeSpan stallTime)
{
    private const int BlockBytes = 1 << 17;

    /// <summary>All of it.</summary>
    /// <exception cref="BrokenBodyException">It ended too early.</exception>
    public async Task<byte[]> ReadAllAsync()
    {
        var content = new byte[answer.ContentLength];
        using var limit = new CancellationTokenSource();
        for (var done = 0; done < content.Length;) done += await NextAsync(content.AsMemory(done), done, limit, CancellationToken.None).ConfigureAwait(false);
        return content;
    }

    /// <summary>Writes it into a file from a position on.</summary>
    /// <exception cref="BrokenBodyException">It ended too early.</exception>
    public async Task CopyAsync(SafeFileHandle handle, long at, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (var done = 0L; done < answer.ContentLength;)
            {
                var got = await NextAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, answer.ContentLength - done)), done, limit, ct).ConfigureAwait(false);
                await RandomAccess.WriteAsync(handle, buffer.AsMemory(0, got), at + done, ct).ConfigureAwait(false);
                done += got;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Waits a little before the next attempt, longer each time.</summary>
    public static Task PauseAsync(int attempt, CancellationToken ct) => Task.Delay(Random.Shared.Next(50, 150) << attempt, ct);

    private async Task<int> NextAsync(Memory<byte> into, long done, CancellationTokenSource limit, CancellationToken ct)
    {
        limit.CancelAfter(stallTime);
        try
        {
            var got = await answer.ResponseStream.ReadAsync(into, limit.Token).ConfigureAwait(false);
            return got > 0 ? got : throw new BrokenBodyException($"the answer for {answer.Key} ended {answer.ContentLength - done} bytes too early", done);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new BrokenBodyException($"nothing of {answer.Key} came for {stallTime.TotalSeconds:0.#} s", done, e);
        }
        catch (Exception e) when (e is IOException and not BrokenBodyException or HttpRequestException or AmazonClientException)
        {
            throw new BrokenBodyException($"the answer for {answer.Key} broke off: {e.Message}", done, e);
        }
    }
}

/// <summary>A body broke off, or stalled.</summary>
/// <param name="message">How.</param>
/// <param name="done">Bytes that came before.</param>
/// <param name="inner">What the connection said.</param>
internal sealed class BrokenBodyException(string message, long done, Exception? inner = null) : IOException(message, inner)
{
    public long Done { get; } = done;
}
