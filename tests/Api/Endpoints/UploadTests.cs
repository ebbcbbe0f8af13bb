using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class UploadTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * 7))];

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private Task<UploadState> SendAsync(UploadState state, byte[] all, int count) => client.SendPieceAsync(state.Id, state.Offset, new MemoryStream(all, (int)state.Offset, count));

    [Fact]
    public async Task Upload_InPieces_ArrivesOnceAndWhole()
    {
        var bytes = Bytes(300_000);
        var state = await client.StartUploadAsync(new StartUpload("pieces.csv", bytes.Length, Hash(bytes).ToUpperInvariant()));
        state = await SendAsync(state, bytes, 100_000);
        Assert.Equal((100_000L, false), (state.Offset, state.Done));
        var area = await client.UploadsAsync();
        Assert.Equal((state.Id, 100_000L), area.Unfinished.Where(u => u.Name == "pieces.csv").Select(u => (u.Id, u.Offset)).Single());
        // Nobody sees half a file.
        Assert.False(File.Exists(Path.Combine(runtime.Workspace, "uploads", "pieces.csv")));

        // The same file again, as after a reload: its place is still there.
        state = await client.StartUploadAsync(new StartUpload("pieces.csv", bytes.Length, Hash(bytes)));
        Assert.Equal(100_000, state.Offset);
        var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SendPieceAsync(state.Id, 0, new MemoryStream(bytes)));
        Assert.Equal((HttpStatusCode.Conflict, "FF4146", "The file ends at 100000, and the piece begins at 0."), (failure.Status, failure.Problem?.Code, failure.Problem?.Detail));
        using (var head = await RawAsync(HttpMethod.Head, $"uploads/{state.Id}"))
            Assert.Equal(("100000", "300000"), (head.Headers.GetValues("Upload-Offset").Single(), head.Headers.GetValues("Upload-Length").Single()));

        state = await SendAsync(state, bytes, 200_000);
        Assert.Equal((true, "upload:pieces.csv", Hash(bytes)), (state.Done, state.Path, state.Sha256));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(runtime.Workspace, "uploads", "pieces.csv")));
        Assert.Equal("FF4145", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.UploadAsync(state.Id))).Problem?.Code);

        failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.StartUploadAsync(new StartUpload("pieces.csv", 1)));
        Assert.Equal((HttpStatusCode.Conflict, "There is a file pieces.csv already."), (failure.Status, failure.Problem?.Detail));
        state = await client.StartUploadAsync(new StartUpload("pieces.csv", 1, Replace: true));
        Assert.True((await client.SendPieceAsync(state.Id, 0, new MemoryStream([65]))).Done);
        Assert.Equal("A", await File.ReadAllTextAsync(Path.Combine(runtime.Workspace, "uploads", "pieces.csv")));
        await client.DeleteUploadedAsync("pieces.csv");
        Assert.DoesNotContain((await client.UploadsAsync()).Files, f => f.Name == "pieces.csv");
    }

    /// <summary>Large files come without a hash: half of one version and half of the next would be a file that never was.</summary>
    [Fact]
    public async Task Upload_AnotherFileOfTheSameNameAndSize_BeginsAnew()
    {
        var (first, second) = (new DateTimeOffset(2026, 5, 1, 8, 0, 0, 123, TimeSpan.Zero), new DateTimeOffset(2026, 5, 1, 9, 0, 0, 0, TimeSpan.Zero));
        var start = new StartUpload("twice.db", 1000, ModifiedAt: first);
        var known = await SendAsync(await client.StartUploadAsync(start), Bytes(1000), 400);
        Assert.Equal((known.Id, 400L), await client.StartUploadAsync(start) is var same ? (same.Id, same.Offset) : default);
        foreach (var other in new[] { start with { ModifiedAt = second }, start with { ModifiedAt = null }, start with { Sha256 = Hash(Bytes(1000)) }, start with { Size = 999 } })
        {
            var state = await client.StartUploadAsync(other);
            Assert.True(state.Id != known.Id && state.Offset == 0, $"{other} goes on with another file.");
            await client.CancelUploadAsync(state.Id);
        }
        await client.CancelUploadAsync(known.Id);
    }

    [Fact]
    public async Task Upload_TakenUpAgainWithReplace_TakesThePlaceOfTheFile()
    {
        var (old, bytes) = (new byte[] { 9, 9, 9, 9 }, Bytes(4));
        var first = new StartUpload("again.bin", 4, Hash(bytes));
        var begun = await SendAsync(await client.StartUploadAsync(first), bytes, 2);
        // The same name came from elsewhere meanwhile (the folder may not be there yet: nothing was uploaded to the end).
        Directory.CreateDirectory(Path.Combine(runtime.Workspace, "uploads"));
        await File.WriteAllBytesAsync(Path.Combine(runtime.Workspace, "uploads", "again.bin"), old, TestContext.Current.CancellationToken);
        var again = await client.StartUploadAsync(first with { Replace = true });
        Assert.Equal((begun.Id, 2L), (again.Id, again.Offset));
        Assert.True((await client.SendPieceAsync(again.Id, 2, new MemoryStream(bytes[2..]))).Done);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(runtime.Workspace, "uploads", "again.bin"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Upload_ConnectionBreaks_KeepsWhatArrived()
    {
        var bytes = Bytes(5_000_000);
        var state = await client.StartUploadAsync(new StartUpload("broken.bin", bytes.Length));
        await Assert.ThrowsAnyAsync<Exception>(() => client.SendPieceAsync(state.Id, 0, new BreakingStream(bytes, 3_000_000)));
        UploadState now = state;
        for (var patience = 0; patience < 600; patience++)
        {
            // The runtime notices the break a moment later.
            try
            {
                now = await client.UploadAsync(state.Id);
                now = await SendAsync(now, bytes, bytes.Length - (int)now.Offset);
                break;
            }
            catch (FlowForgeApiException e) when (e.Problem?.Code == "FF4146") { await Task.Delay(100, TestContext.Current.CancellationToken); }
        }
        Assert.True(now.Done);
        Assert.Equal(Hash(bytes), now.Sha256);
    }

    [Fact]
    public async Task Upload_WrongContentOrTooMuch_IsThrownAway()
    {
        var state = await client.StartUploadAsync(new StartUpload("wrong.bin", 3, Hash([1, 2, 3])));
        var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SendPieceAsync(state.Id, 0, new MemoryStream([1, 2, 4])));
        Assert.Equal(("FF4148", $"wrong.bin arrived with the SHA-256 {Hash([1, 2, 4])}, and {Hash([1, 2, 3])} was announced. It was thrown away."), (failure.Problem?.Code, failure.Problem?.Detail));
        Assert.DoesNotContain((await client.UploadsAsync()).Unfinished, u => u.Name == "wrong.bin");

        state = await client.StartUploadAsync(new StartUpload("more.bin", 3));
        failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SendPieceAsync(state.Id, 0, new MemoryStream(new byte[5])));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "more.bin was announced with 3 bytes, and more came."), (failure.Status, failure.Problem?.Detail));
        await client.CancelUploadAsync(state.Id);
        failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.CancelUploadAsync(state.Id));
        Assert.Equal(HttpStatusCode.NotFound, failure.Status);
    }

    [Theory]
    [InlineData("../escape.csv")]
    [InlineData("a/b.csv")]
    [InlineData(".hidden")]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("*.csv")]
    public async Task Upload_NameThatLeadsAway_IsRefused(string name)
    {
        var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.StartUploadAsync(new StartUpload(name, 1)));
        Assert.Equal((HttpStatusCode.BadRequest, "FF4140"), (failure.Status, failure.Problem?.Code));
        if (name.Length > 0) Assert.NotEqual(HttpStatusCode.NoContent, (await RawAsync(HttpMethod.Delete, "uploads/files/" + Uri.EscapeDataString(name))).StatusCode);
    }

    [Fact]
    public async Task Upload_NameOfManyBytes_IsRefusedBeforeAByteComes()
    {
        var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.StartUploadAsync(new StartUpload(new string('\u20ac', 86), 1)));
        Assert.Equal((HttpStatusCode.BadRequest, "FF4140"), (failure.Status, failure.Problem?.Code));
        var longest = new string('\u20ac', 85);
        var state = await client.StartUploadAsync(new StartUpload(longest, 1));
        Assert.True((await client.SendPieceAsync(state.Id, 0, new MemoryStream([65]))).Done);
        await client.DeleteUploadedAsync(longest);
    }

    [Fact]
    public async Task Upload_LargerThanAllowed_IsRefusedBeforeAByteComes()
    {
        var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.StartUploadAsync(new StartUpload("huge.bin", 11L << 30)));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "FF4142"), (failure.Status, failure.Problem?.Code));
        Assert.Equal("FF4145", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.UploadAsync("../../etc/passwd"))).Problem?.Code);
    }

    private async Task<HttpResponseMessage> RawAsync(HttpMethod method, string path)
    {
        using var http = new HttpClient { BaseAddress = runtime.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", runtime.Token);
        return await http.SendAsync(new HttpRequestMessage(method, "/api/v1/" + path), TestContext.Current.CancellationToken);
    }

    private sealed class BreakingStream(byte[] bytes, int at) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Position >= at ? throw new IOException("The cable is out.") : base.ReadAsync(buffer[..Math.Min(buffer.Length, 65536)], cancellationToken);
    }
}
