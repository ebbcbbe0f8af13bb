namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>What the postgres_cdc connector is told.</summary>
public sealed record ChangesSpec : PostgresServerSpec
{
    [Setting("Table whose changes are read: name, or schema.name", Example = "sales.orders")]
    public string? TableName { get; init; }

    [Setting("Start of the names of the replication slot and the publication; the table's name follows. Jobs that read the same table need different ones", Pattern = "[a-z][a-z0-9_]{0,30}")]
    public string Slot { get; init; } = "flowforge";

    [Setting("A publication that is already there; unless given, one is made for the table")]
    public string? Publication { get; init; }

    [Setting("Columns to leave out")]
    public IReadOnlyList<string> ExcludeColumns { get; init; } = [];

    [Setting("Connections that read the first snapshot side by side; by default half as many as this machine has processors, at most 4", Minimum = 1, Maximum = 16)]
    public int? Parallelism { get; init; }

    internal int Readers => ReadersOf(Parallelism);

    [Setting("Changes that the server gathers, in its temporary files, before it gives them; a transaction always comes whole", Minimum = 1)]
    public int ChangesAtATime { get; init; } = 400_000;

    [Setting("Numeric columns: exact (declared ones as decimals, others as text) or text")]
    public NumericForm Numeric { get; init; } = NumericForm.Exact;
}
