namespace FlowForge.Catalog;

/// <summary>Answer of the claim store: exactly one of the two is set.</summary>
/// <param name="TxnVersion">The claim is held; this is the pinned version of the table's <c>txn</c> action.</param>
/// <param name="HolderRunId">The table is held by this run, which is still open.</param>
public sealed record ClaimResult(long? TxnVersion, string? HolderRunId)
{
    public bool IsBusy => TxnVersion is null;

    public static ClaimResult Granted(long txnVersion) => new(txnVersion, null);

    public static ClaimResult Busy(string holderRunId) => new(null, holderRunId);
}
