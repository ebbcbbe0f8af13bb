using static FlowForge.Catalog.Tests.TemporaryCatalog;

namespace FlowForge.Catalog.Tests;

public sealed class ClaimStoreTests
{
    private const string Table = "bronze.flights";
    private const string JobA = "ingest.flights";

    [Fact]
    public void TryClaim_Repeated_GivesTheSamePinAlsoAfterRestart()
    {
        using var catalog = Open("a");
        Assert.Equal(ClaimResult.Granted(5), catalog.Database.Claims.TryClaim(Table, "a", JobA, () => 4));
        Assert.Equal(ClaimResult.Granted(5), catalog.Database.Claims.TryClaim(Table, "a", JobA, () => 4));
        catalog.Reopen();
        Assert.Equal(ClaimResult.Granted(5), catalog.Database.Claims.TryClaim(Table, "a", JobA, () => 5)); // its commit stands: "already done"
    }

    [Fact]
    public void TryClaim_HeldByOpenRun_IsBusyUntilReleasedOrEnded()
    {
        using var catalog = Open("a", "b", "c");
        var claims = catalog.Database.Claims;
        claims.TryClaim(Table, "a", JobA, () => 0);
        Assert.Equal(ClaimResult.Busy("a"), claims.TryClaim(Table, "b", JobA, () => throw new InvalidOperationException("must not look")));
        Assert.False(claims.TryClaim("bronze.other", "b", JobA, () => 0).IsBusy);
        Assert.Equal("a", claims.Holder(Table));
        claims.Release("a", "ingest.other");
        Assert.True(claims.TryClaim(Table, "b", JobA, () => 0).IsBusy);
        claims.Release("a", JobA);
        Assert.Null(claims.Holder(Table));
        Assert.Equal(ClaimResult.Granted(2), claims.TryClaim(Table, "b", JobA, () => 1));
        catalog.Database.Runs.SetState("b", RunState.Failed, null, Noon); // killed before it could release
        Assert.Equal(ClaimResult.Granted(3), claims.TryClaim(Table, "c", JobA, () => 1));
    }

    /// <summary>A log in a bucket takes its time to be read: others write to the catalog meanwhile, and what they did to the table is seen.</summary>
    [Fact]
    public void TryClaim_AnotherRunCommitsWhileTheLogIsRead_ReadsItAgain()
    {
        using var catalog = Open("a", "b", "c");
        var claims = catalog.Database.Claims;
        var looks = 0;
        Assert.Equal(ClaimResult.Granted(6), claims.TryClaim(Table, "a", JobA, () =>
        {
            if (++looks > 1) return 5;
            Assert.Equal(ClaimResult.Granted(5), claims.TryClaim(Table, "b", JobA, () => 4));
            claims.Release("b"); // b committed 5, which this look came too early for
            return 4;
        }));
        Assert.Equal(2, looks);
        claims.Release("a");
        Assert.Equal(ClaimResult.Busy("c"), claims.TryClaim(Table, "b", JobA, () =>
        {
            claims.TryClaim(Table, "c", JobA, () => 6);
            return 6;
        }));
        claims.Release("c");
        Assert.Null(claims.NextUnused(Table, "flights/" + JobA, () =>
        {
            claims.TryClaim(Table, "c", JobA, () => 6);
            return 6;
        }));
    }

    [Fact]
    public void TryClaim_AgainAfterCommitAndLaterRuns_StillSaysDone()
    {
        using var catalog = Open("a", "b");
        var claims = catalog.Database.Claims;
        Assert.Equal(1, claims.TryClaim(Table, "a", JobA, () => 0).TxnVersion);
        claims.Release("a"); // a committed 1
        Assert.Equal(2, claims.TryClaim(Table, "b", JobA, () => 1).TxnVersion);
        claims.Release("b"); // b committed 2
        Assert.Equal(1, claims.TryClaim(Table, "a", JobA, () => 2).TxnVersion);
    }

    [Fact]
    public void TryClaim_AgainWithoutCommitAfterLaterRuns_GetsANewPin()
    {
        using var catalog = Open("a", "b", "c");
        var claims = catalog.Database.Claims;
        Assert.Equal(1, claims.TryClaim(Table, "a", JobA, () => 0).TxnVersion);
        claims.Release("a"); // a failed before its commit
        Assert.Equal(2, claims.TryClaim(Table, "b", JobA, () => 0).TxnVersion);
        claims.Release("b"); // b committed 2: with pin 1, a would now be taken for done
        Assert.Equal(3, claims.TryClaim(Table, "a", JobA, () => 2).TxnVersion);
        Assert.Equal(3, claims.TryClaim(Table, "a", JobA, () => 3).TxnVersion);
        claims.Release("a");
        Assert.Equal(4, claims.TryClaim(Table, "c", JobA, () => 3).TxnVersion);
    }

    [Fact]
    public void TryClaim_AgainAfterACommitOutsideOfRuns_GetsANewPin_SoThatItIsNotTakenForDone()
    {
        using var catalog = Open("a");
        var claims = catalog.Database.Claims;
        Assert.Equal(ClaimResult.Granted(5), claims.TryClaim(Table, "a", JobA, () => 4));
        Assert.Null(claims.NextUnused(Table, "flights/" + JobA, () => 4));
        claims.Release("a");
        Assert.Equal(6, claims.NextUnused(Table, "flights/" + JobA, () => 4));
        Assert.Equal(ClaimResult.Granted(7), claims.TryClaim(Table, "a", JobA, () => 6));
    }

    [Fact]
    public void TryClaim_AgainWithoutCommitAndNoneSince_KeepsItsPin()
    {
        using var catalog = Open("a", "b");
        var claims = catalog.Database.Claims;
        claims.TryClaim(Table, "a", JobA, () => 0);
        claims.Release("a");
        claims.TryClaim(Table, "b", JobA, () => 0);
        claims.Release("b");
        Assert.Equal(1, claims.TryClaim(Table, "a", JobA, () => 0).TxnVersion);
        claims.Release("a");
        Assert.Equal(2, claims.TryClaim(Table, "b", JobA, () => 1).TxnVersion);
    }

    [Fact]
    public void TryClaim_OtherPipeline_HasVersionsOfItsOwn()
    {
        using var catalog = Open("a");
        catalog.Database.Runs.Create(Run("m", "movies"));
        var claims = catalog.Database.Claims;
        Assert.Equal(8, claims.TryClaim(Table, "a", JobA, () => 7).TxnVersion);
        claims.Release("a");
        Assert.Equal(1, claims.TryClaim(Table, "m", JobA, () => 0).TxnVersion);
    }

    [Fact]
    public void TryClaim_UnknownRun_IsRefused()
    {
        using var catalog = new TemporaryCatalog();
        var error = Assert.Throws<InvalidOperationException>(() => catalog.Database.Claims.TryClaim(Table, "ghost", JobA, () => 0));
        Assert.Equal("Run ghost is not in the catalog: record it before it claims bronze.flights.", error.Message);
    }

    [Fact]
    public void TryClaim_LogCannotBeRead_LeavesTheTableFree()
    {
        using var catalog = Open("a", "b");
        var claims = catalog.Database.Claims;
        Assert.Throws<IOException>(() => claims.TryClaim(Table, "a", JobA, () => throw new IOException("disk")));
        Assert.Equal(1, claims.TryClaim(Table, "b", JobA, () => 0).TxnVersion);
    }

    [Fact]
    public async Task TryClaim_ManyAtOnce_GrantsOne()
    {
        using var catalog = Open([.. Enumerable.Range(0, 16).Select(i => $"r{i}")]);
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => catalog.Database.Claims.TryClaim(Table, $"r{i}", JobA, () => 0))));
        var granted = Assert.Single(results, r => !r.IsBusy);
        Assert.Equal(1, granted.TxnVersion);
        Assert.Single(results.Where(r => r.IsBusy).Select(r => r.HolderRunId).Distinct());
    }

    private static TemporaryCatalog Open(params string[] runs)
    {
        var catalog = new TemporaryCatalog();
        foreach (var run in runs)
        {
            catalog.Database.Runs.Create(Run(run));
            catalog.Database.Runs.SetState(run, RunState.Running, null, Noon);
        }
        return catalog;
    }
}
