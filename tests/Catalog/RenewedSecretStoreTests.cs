namespace FlowForge.Catalog.Tests;

public sealed class RenewedSecretStoreTests : IDisposable
{
    private readonly TemporaryCatalog _catalog = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _catalog.Dispose();

    /// <summary>As another process has it.</summary>
    private SecretStore Open() => new(_catalog.Database, SecretKeys.Load(Path.Combine(_catalog.Folder, "secrets.key")));

    [Fact]
    public void Keep_Newer_IsFoundByAllWhoHaveTheGiven_AndNowhereInTheFiles()
    {
        Assert.Null(Open().Renewed.Newest("canary-given"));
        Open().Renewed.Keep("canary-given", "canary-first");
        Open().Renewed.Keep("other", "another");
        Open().Renewed.Keep("canary-given", "canary-second");
        Assert.Equal(("canary-second", "another"), (Open().Renewed.Newest("canary-given"), Open().Renewed.Newest("other")));
        Assert.Null(Open().Renewed.Newest("canary-second"));
        _catalog.Database.Dispose();
        foreach (var file in Directory.GetFiles(_catalog.Folder, "*", SearchOption.AllDirectories))
            Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf("canary"u8) < 0, file);
    }

    [Fact]
    public void Renewed_GoesWithItsSecret_AndStaysForAnotherOfTheSameValue()
    {
        var store = Open();
        store.Put("a.token", "given");
        store.Put("b.token", "given");
        store.Renewed.Keep("given", "newest");
        store.Put("a.token", "given");
        Assert.Equal("newest", store.Renewed.Newest("given"));
        store.Put("a.token", "set anew");
        Assert.Equal("newest", store.Renewed.Newest("given"));
        Assert.True(store.Delete("b.token"));
        Assert.Null(store.Renewed.Newest("given"));
        store.Renewed.Keep("set anew", "next");
        store.Put("a.token", "third");
        Assert.Null(store.Renewed.Newest("set anew"));
        Assert.False(store.Delete("nothing"));
    }

    [Fact]
    public void RotateKey_Renewed_StayReadable_AlsoForAProcessThatHasTheOldKey()
    {
        var (here, there) = (Open(), Open());
        here.Put("a", "given");
        here.Renewed.Keep("given", "newest");
        Assert.Equal(1, there.RotateKey());
        Assert.Single(File.ReadAllLines(Path.Combine(_catalog.Folder, "secrets.key")));
        Assert.Equal("newest", here.Renewed.Newest("given"));
        there.RotateKey();
        here.Renewed.Keep("given", "one more");
        Assert.Equal("one more", there.Renewed.Newest("given"));
        // Without its key it cannot be read; the secret itself says so.
        File.Delete(Path.Combine(_catalog.Folder, "secrets.key"));
        Assert.Null(Open().Renewed.Newest("given"));
    }

    [Fact]
    public async Task Hold_OneAtATime_OthersWaitUntilItIsLetGo()
    {
        var inside = 0;
        var stores = Enumerable.Range(0, 6).Select(_ => Open()).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(async () =>
        {
            for (var i = 0; i < 5; i++)
            {
                using var hold = await store.Renewed.HoldAsync("given", Stop);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                var next = int.Parse(store.Renewed.Newest("given") ?? "0", System.Globalization.CultureInfo.InvariantCulture) + 1;
                store.Renewed.Keep("given", next.ToString(System.Globalization.CultureInfo.InvariantCulture));
                Interlocked.Decrement(ref inside);
            }
        }, Stop)));
        Assert.Equal("30", Open().Renewed.Newest("given"));
        using var held = await Open().Renewed.HoldAsync("given", Stop);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var waiting = stores[0].Renewed.HoldAsync("given", cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
