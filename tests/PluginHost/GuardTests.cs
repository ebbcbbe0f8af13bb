namespace FlowForge.PluginHost.Tests;

public sealed class GuardTests
{
    private readonly HandClock _clock = new();

    private ConnectionGuard Guard() => new ConnectionGuards(_clock).Of("shop");

    private static void Fail(ConnectionGuard guard, int times, bool passing = true)
    {
        for (var i = 0; i < times; i++)
        {
            using var use = guard.Begin("rest", "job", byPerson: false);
            use.Failed(new IOException("refused"), passing);
        }
    }

    [Fact]
    public void Begin_AfterFiveFailuresInARow_IsRefusedUntilTheRestIsOver()
    {
        var guard = Guard();
        Fail(guard, 5);
        var open = Assert.Throws<CircuitOpenException>(() => guard.Begin("rest", "job", byPerson: false));
        Assert.Equal(("The connection 'shop' failed 5 times in a row and is left alone for another 30 s. The last failure: refused", TimeSpan.FromSeconds(30)), (open.Message, open.RetryAfter));
        Assert.Equal(_clock.Now + TimeSpan.FromSeconds(30), guard.Traffic.OpenUntil);
        _clock.Now += TimeSpan.FromSeconds(31);
        using var trial = guard.Begin("rest", "job", byPerson: false);
        Assert.Throws<CircuitOpenException>(() => guard.Begin("rest", "job", byPerson: false));
        trial.Succeeded();
        guard.Begin("rest", "job", byPerson: false).Succeeded();
        Assert.Equal((7L, 5L, null), (guard.Traffic.Uses, guard.Traffic.Failures, guard.Traffic.OpenUntil));
    }

    [Fact]
    public void Begin_FailedTrial_DoublesTheRestUpToTenMinutes()
    {
        var guard = Guard();
        Fail(guard, 5);
        foreach (var seconds in new[] { 30, 60, 120, 240, 480, 600, 600 })
        {
            Assert.Equal(seconds, (guard.Traffic.OpenUntil - _clock.Now)!.Value.TotalSeconds);
            _clock.Now += TimeSpan.FromSeconds(seconds + 1);
            Fail(guard, 1);
        }
    }

    [Fact]
    public void Begin_ByAPersonWhileOpen_IsLetThroughAndItsSuccessOpensTheWay()
    {
        var guard = Guard();
        Fail(guard, 5);
        guard.Begin("rest", "test", byPerson: true).Succeeded();
        guard.Begin("rest", "job", byPerson: false).Succeeded();
    }

    [Fact]
    public void Failures_ThatWaitingDoesNotMend_DoNotOpenTheCircuit()
    {
        var guard = Guard();
        Fail(guard, 20, passing: false);
        Assert.Equal((20L, 20L, null, "refused"), (guard.Traffic.Uses, guard.Traffic.Failures, guard.Traffic.OpenUntil, guard.Traffic.LastError));
    }

    [Fact]
    public void Use_CancelledTrial_LetsTheNextOneTry()
    {
        var guard = Guard();
        Fail(guard, 5);
        _clock.Now += TimeSpan.FromSeconds(31);
        guard.Begin("rest", "job", byPerson: false).Dispose();
        guard.Begin("rest", "job", byPerson: false).Succeeded();
    }

    [Fact]
    public async Task Pace_TenASecond_LetsABurstThroughAndThenSpaces()
    {
        var guard = Guard();
        guard.Pace.Limit(10, TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++) Assert.True(guard.Pace.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        var waiting = guard.Pace.WaitAsync(CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        _clock.Passed += TimeSpan.FromMilliseconds(100);
        _clock.Ring();
        await waiting;
        Assert.Equal(100, guard.Traffic.Waited.TotalMilliseconds, 1.0);
        guard.Pace.Limit(0, default);
        Assert.True(guard.Pace.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
    }

    // A machine that is restored, or first hears of the time, sets its clock back.
    [Fact]
    public async Task Pace_ClockSetBack_WaitsNoLonger()
    {
        var guard = Guard();
        guard.Pace.Limit(1, TimeSpan.FromSeconds(1));
        await guard.Pace.WaitAsync(CancellationToken.None);
        _clock.Now -= TimeSpan.FromHours(1);
        _clock.Passed += TimeSpan.FromSeconds(2);
        Assert.True(guard.Pace.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        Assert.Equal(TimeSpan.Zero, guard.Traffic.Waited);
    }

    /// <summary>Moved by hand; its timers ring when told.</summary>
    private sealed class HandClock : TimeProvider
    {
        private readonly List<(TimerCallback Callback, object? State)> _timers = [];
        public DateTimeOffset Now { get; set; } = new(2024, 5, 17, 12, 0, 0, TimeSpan.Zero);
        public TimeSpan Passed { get; set; } = TimeSpan.FromDays(1);
        public override DateTimeOffset GetUtcNow() => Now;
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
        public override long GetTimestamp() => Passed.Ticks;
        public void Ring() { foreach (var (callback, state) in _timers.ToList()) callback(state); }
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add((callback, state));
            return new Silent();
        }
        private sealed class Silent : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;
            public void Dispose() { }
            public ValueTask DisposeAsync() => default;
        }
    }
}
