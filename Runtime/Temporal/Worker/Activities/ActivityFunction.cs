namespace FlowForge.Temporal.Worker;

/// <summary>
/// The body of an activity type. It may run on any thread, several at once, and again after any failure: it must be idempotent. What it returns is
/// the activity's result (null for none). Throw <see cref="ApplicationFailure"/> to say how a failure is to be handled; any other exception is retried
/// by the policy under its class name. When <see cref="ActivityContext.CancellationToken"/> is cancelled, stop within the worker's grace and throw
/// <see cref="OperationCanceledException"/>, or return a result if it was finished anyway.
/// </summary>
public delegate Task<object?> ActivityFunction(ActivityContext context);
