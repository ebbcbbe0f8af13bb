using FlowForge.Temporal.DevServer.Engine;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>Whether and when something that failed is tried again; the same rules for activities and workflows.</summary>
internal static class RetryRules
{
    private static readonly Duration DefaultInitial = Duration.FromTimeSpan(TimeSpan.FromSeconds(1));

    /// <summary>The policy with the server's defaults filled in: 1 s doubling to a hundred times the first, without end.</summary>
    public static RetryPolicy WithDefaults(RetryPolicy? policy)
    {
        var filled = policy?.Clone() ?? new RetryPolicy();
        filled.InitialInterval = Times.Unless0(filled.InitialInterval) ?? DefaultInitial;
        if (filled.BackoffCoefficient == 0)
        {
            filled.BackoffCoefficient = 2;
        }
        filled.MaximumInterval = Times.Unless0(filled.MaximumInterval)
            ?? Duration.FromTimeSpan(Times.Min(filled.InitialInterval.ToTimeSpan() * 100, TimeSpan.FromDays(365)));
        return filled;
    }

    /// <summary>Null when the policy is sound, else what is wrong with it, in the real server's words.</summary>
    public static string? Check(RetryPolicy? policy) => policy switch
    {
        null or { MaximumAttempts: 1 } => null,
        _ when Times.IsNegative(policy.InitialInterval) => "InitialInterval cannot be negative on retry policy.",
        { BackoffCoefficient: < 1 and not 0 } => "BackoffCoefficient cannot be less than 1 on retry policy.",
        _ when Times.IsNegative(policy.MaximumInterval) => "MaximumInterval cannot be negative on retry policy.",
        _ when Times.Span(policy.MaximumInterval) is { } max && max < (Times.Span(policy.InitialInterval) ?? TimeSpan.Zero)
            => "MaximumInterval cannot be less than InitialInterval on retry policy.",
        { MaximumAttempts: < 0 } => "MaximumAttempts cannot be negative on retry policy.",
        _ => null,
    };

    /// <summary>
    /// The wait before the next attempt, or why there is none. <paramref name="expiration"/> is when no attempt may start any more.
    /// </summary>
    public static (TimeSpan? Wait, RetryState State) Next(RetryPolicy? policy, int attempt, Failure? failure, DateTime now, DateTime? expiration)
    {
        if (policy is null)
        {
            return (null, RetryState.RetryPolicyNotSet);
        }
        if (policy.MaximumAttempts > 0 && attempt >= policy.MaximumAttempts)
        {
            return (null, RetryState.MaximumAttemptsReached);
        }
        if (failure is not null && !IsRetryable(failure, policy.NonRetryableErrorTypes))
        {
            return (null, RetryState.NonRetryableFailure);
        }
        var wait = failure?.ApplicationFailureInfo?.NextRetryDelay is { } wished ? wished.ToTimeSpan() : Interval(policy, attempt);
        if (expiration is { } end && now + wait >= end)
        {
            return (null, RetryState.Timeout);
        }
        return (wait, RetryState.InProgress);
    }

    private static TimeSpan Interval(RetryPolicy policy, int attempt)
    {
        var initial = Times.Span(policy.InitialInterval) ?? TimeSpan.FromSeconds(1);
        var max = Times.Span(policy.MaximumInterval) ?? initial * 100;
        var seconds = initial.TotalSeconds * Math.Pow(policy.BackoffCoefficient == 0 ? 2 : policy.BackoffCoefficient, Math.Min(attempt - 1, 1000));
        return seconds >= max.TotalSeconds ? max : TimeSpan.FromSeconds(seconds);
    }

    private static bool IsRetryable(Failure failure, IEnumerable<string> nonRetryable) => failure.FailureInfoCase switch
    {
        Failure.FailureInfoOneofCase.TerminatedFailureInfo or Failure.FailureInfoOneofCase.CanceledFailureInfo => false,
        Failure.FailureInfoOneofCase.TimeoutFailureInfo =>
            failure.TimeoutFailureInfo.TimeoutType is TimeoutType.StartToClose or TimeoutType.Heartbeat
            && !nonRetryable.Contains($"TemporalTimeout:{failure.TimeoutFailureInfo.TimeoutType}"),
        Failure.FailureInfoOneofCase.ServerFailureInfo => !failure.ServerFailureInfo.NonRetryable,
        Failure.FailureInfoOneofCase.ApplicationFailureInfo =>
            !failure.ApplicationFailureInfo.NonRetryable && !nonRetryable.Contains(failure.ApplicationFailureInfo.Type),
        _ => true,
    };
}
