using FlowForge.Api.Hooks;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

/// <summary>What a hook's folder remembers of its posts.</summary>
public sealed class HookFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("flowforge-hooks-").FullName;
    private readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static Task<HookReceipt?> PostAsync(HookFolder folder, DateTimeOffset now, string? signature, TimeSpan signaturesFor, string? key = null) =>
        folder.AppendAsync("{}"u8.ToArray(), key, signature, signaturesFor, 1 << 20, now, TestContext.Current.CancellationToken);

    [Fact]
    public async Task AppendAsync_SignatureOfALongWindow_IsKnownThatLong_AlsoAfterAStart()
    {
        var days = TimeSpan.FromDays(4);
        string id;
        using (var folder = new HookFolder(_root, _start, days))
        {
            id = (await PostAsync(folder, _start, "AB", days))!.Id;
            Assert.Equal(new HookReceipt(id, true), await PostAsync(folder, _start.AddDays(3), "AB", days));
        }
        using var again = new HookFolder(_root, _start.AddDays(3), days);
        Assert.Equal(new HookReceipt(id, true), await PostAsync(again, _start.AddDays(3), "AB", days));
        Assert.False((await PostAsync(again, _start.AddDays(5), "AB", days))!.Duplicate);
    }

    [Fact]
    public async Task AppendAsync_MoreSignaturesThanItRemembers_TakesNoneThatCouldComeAgain()
    {
        var window = TimeSpan.FromMinutes(10);
        using var folder = new HookFolder(_root, _start, window, mostKeys: 4);
        // Keys make room for signatures, the oldest first; signatures do not make room for anything.
        await PostAsync(folder, _start, null, window, "k1");
        for (var i = 0; i < 4; i++) Assert.False((await PostAsync(folder, _start.AddSeconds(i), "S" + i, window))!.Duplicate);
        Assert.Equal(4, (await Assert.ThrowsAsync<TooManySignaturesException>(() => PostAsync(folder, _start.AddMinutes(1), "S4", window))).Most);
        for (var i = 0; i < 4; i++) Assert.True((await PostAsync(folder, _start.AddMinutes(1), "S" + i, window))!.Duplicate);
        Assert.False((await PostAsync(folder, _start.AddMinutes(11), "S4", window))!.Duplicate);
    }
}
