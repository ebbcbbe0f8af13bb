namespace FlowForge.Temporal.Worker;

/// <summary>Doubling pauses with jitter, so that many callers do not come back at the same moment. Not thread-safe.</summary>
internal sealed class BackOff(TimeSpan first, TimeSpan maximum)
{
    /// <summary>Pauses handed out since the last success.</summary>
    public int Tries { get; private set; }

    public TimeSpan Next()
    {
        var pause = Math.Min(maximum.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(Tries, 30)));
        Tries++;
        return TimeSpan.FromMilliseconds(pause * (0.8 + (Random.Shared.NextDouble() * 0.4)));
    }

    public void Reset() => Tries = 0;
}
