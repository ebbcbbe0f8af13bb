namespace FlowForge.Lake;

/// <summary>A change of a table's schema or rules that writes no data file.</summary>
public abstract record TableAlteration
{
    internal abstract string Operation { get; }

    /// <summary>Gives a column another name. Needs column mapping.</summary>
    public sealed record RenameColumn(string From, string To) : TableAlteration
    {
        internal override string Operation => "RENAME COLUMN";
    }

    /// <summary>Takes a column out of the table; its values stay in the old files and come back by a restore. Needs column mapping.</summary>
    public sealed record DropColumn(string Name) : TableAlteration
    {
        internal override string Operation => "DROP COLUMNS";
    }

    /// <summary>Puts a column behind another one, or first when <paramref name="After"/> is null.</summary>
    public sealed record MoveColumn(string Name, string? After) : TableAlteration
    {
        internal override string Operation => "CHANGE COLUMN";
    }

    /// <summary>Demands that a column is never NULL, or no longer does.</summary>
    public sealed record SetNotNull(string Name, bool NotNull = true) : TableAlteration
    {
        internal override string Operation => "CHANGE COLUMN";
    }

    /// <summary>Demands a condition of every row.</summary>
    public sealed record AddConstraint(string Name, string Expression) : TableAlteration
    {
        internal override string Operation => "ADD CONSTRAINT";
    }

    /// <summary>No longer demands it.</summary>
    public sealed record DropConstraint(string Name) : TableAlteration
    {
        internal override string Operation => "DROP CONSTRAINT";
    }

    /// <summary>Forbids that rows are changed or removed, or allows it again.</summary>
    public sealed record SetAppendOnly(bool AppendOnly = true) : TableAlteration
    {
        internal override string Operation => "SET TBLPROPERTIES";
    }
}
