using System.Collections.Immutable;

namespace FlowForge.Lake.Log;

/// <summary>
/// A table's state at one version: the reconciliation of all actions up to it. Immutable; applying an entry gives the next state and shares
/// what did not change, so that following a long log costs only its new entries.
/// </summary>
internal sealed record LogState
{
    public static readonly LogState Empty = new();

    /// <summary>-1 before the first entry.</summary>
    public long Version { get; init; } = -1;

    public ProtocolAction Protocol { get; init; } = new(1, 2, null, null);

    public MetadataAction? Metadata { get; init; }

    public ImmutableDictionary<string, DataFile> Files { get; init; } = ImmutableDictionary.Create<string, DataFile>(StringComparer.Ordinal);

    public ImmutableDictionary<string, RemoveAction> Tombstones { get; init; } = ImmutableDictionary.Create<string, RemoveAction>(StringComparer.Ordinal);

    public ImmutableDictionary<string, TransactionAction> Transactions { get; init; } = ImmutableDictionary.Create<string, TransactionAction>(StringComparer.Ordinal);

    public ImmutableDictionary<string, DomainAction> Domains { get; init; } = ImmutableDictionary.Create<string, DomainAction>(StringComparer.Ordinal);

    /// <summary>The newest commit time seen, UTC.</summary>
    public DateTimeOffset LastCommitted { get; init; } = DateTimeOffset.MinValue;

    /// <summary>The next file's place in the order of arrival.</summary>
    public long NextOrder { get; init; }

    /// <summary>The state after the entry of <paramref name="version"/>. Order within an entry does not matter, so removals go first.</summary>
    public LogState Apply(long version, IReadOnlyList<LogAction> actions)
    {
        var files = Files.ToBuilder();
        var tombstones = Tombstones.ToBuilder();
        var transactions = Transactions.ToBuilder();
        var domains = Domains.ToBuilder();
        var protocol = Protocol;
        var metadata = Metadata;
        var order = NextOrder;
        foreach (var remove in actions.OfType<RemoveAction>())
        {
            files.Remove(remove.Path);
            tombstones[Key(remove.Path, remove.DeletionVector)] = remove;
        }
        foreach (var action in actions)
        {
            switch (action)
            {
                case AddAction add:
                    tombstones.Remove(Key(add.File.Uri, add.File.DeletionVector));
                    files[add.File.Uri] = add.File.At(order++);
                    break;
                case TransactionAction transaction:
                    transactions[transaction.ApplicationId] = transaction;
                    break;
                case DomainAction { Removed: true } domain:
                    domains.Remove(domain.Domain);
                    break;
                case DomainAction domain:
                    domains[domain.Domain] = domain;
                    break;
                case ProtocolAction found:
                    protocol = found;
                    break;
                case MetadataAction found:
                    metadata = found;
                    break;
            }
        }
        return new LogState
        {
            Version = version,
            Protocol = protocol,
            Metadata = metadata,
            Files = files.ToImmutable(),
            Tombstones = tombstones.ToImmutable(),
            Transactions = transactions.ToImmutable(),
            Domains = domains.ToImmutable(),
            NextOrder = order,
            LastCommitted = actions.OfType<CommitInfoAction>().FirstOrDefault() is null ? LastCommitted : Max(LastCommitted, HistoryReader.Committed(actions)),
        };
    }

    // A file with another deletion vector is another logical file, though there is only one of a path at a time in the table.
    private static string Key(string path, DeletionVector? vector) => vector is null ? path : $"{path}\0{vector.UniqueId}";

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
