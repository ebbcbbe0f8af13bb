namespace FlowForge.Catalog;

/// <summary>What the rows of a run did to a table.</summary>
/// <param name="Inserted">New rows.</param>
/// <param name="Updated">Rows whose key was there with other values.</param>
/// <param name="Deleted">Rows of the table that went (with scd2: were closed).</param>
/// <param name="Unchanged">Rows that were there as they are.</param>
/// <param name="Source">Source rows behind all of these.</param>
public readonly record struct RowChanges(long Inserted, long Updated, long Deleted, long Unchanged, long Source)
{
    public static RowChanges Appended(long rows) => new(rows, 0, 0, 0, rows);

    /// <summary>Whether the table has other rows than before.</summary>
    public bool Any => Inserted + Updated + Deleted > 0;

    public static RowChanges operator +(RowChanges a, RowChanges b) => a.Add(b);

    public RowChanges Add(RowChanges other) => new(Inserted + other.Inserted, Updated + other.Updated, Deleted + other.Deleted, Unchanged + other.Unchanged, Source + other.Source);

    public override string ToString() => $"{Inserted} inserted, {Updated} updated, {Deleted} deleted, {Unchanged} unchanged";
}
