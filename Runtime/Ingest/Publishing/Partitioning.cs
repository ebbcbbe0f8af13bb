using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>
/// How a bronze table is laid out. Delta partitions by columns, so a date pattern becomes reserved columns, one for each of its
/// parts: <c>yyyy/MM/dd</c> → <c>_ff_year _ff_month _ff_day</c>, of the run's time or of a date column.
/// </summary>
/// <param name="Columns">Partition columns of the table, outermost first.</param>
/// <param name="Added">Those that are not in the rows yet, with the SQL that gives them.</param>
internal sealed record Partitioning(IReadOnlyList<string> Columns, IReadOnlyList<(string Name, string Sql)> Added)
{
    /// <summary>The values of the partition columns when they are the same for all rows of the run; null when the rows tell.</summary>
    public IReadOnlyDictionary<string, string>? Constants { get; init; }

    private static readonly (string Part, string Name, string Function)[] Parts = [("yyyy", "_ff_year", "year"), ("MM", "_ff_month", "month"), ("dd", "_ff_day", "day"), ("HH", "_ff_hour", "hour")];

    /// <param name="job">Mode, pattern and column.</param>
    /// <param name="runTime">UTC; the same for every attempt.</param>
    /// <param name="columns">Table columns of the rows.</param>
    public static Partitioning Of(IngestDefinition job, DateTimeOffset runTime, IReadOnlyList<string> columns)
    {
        if (job.PartitionMode == PartitionMode.None) return new Partitioning([], []) { Constants = new Dictionary<string, string>() };
        var column = job.PartitionColumn is null ? null
            : columns.FirstOrDefault(c => string.Equals(c, job.PartitionColumn, StringComparison.OrdinalIgnoreCase) || string.Equals(c, ColumnNames.Standard(job.PartitionColumn), StringComparison.OrdinalIgnoreCase))
              ?? throw new JobFailedException("FF2111", $"The partition column '{job.PartitionColumn}' is not among the columns: {string.Join(", ", columns)}.", "Correct the name; it is meant after renaming.");
        if (job.PartitionMode == PartitionMode.Column) return new Partitioning([column!], []);
        var parts = Parts.Where(p => job.PartitionPattern.Contains(p.Part, StringComparison.Ordinal)).OrderBy(p => job.PartitionPattern.IndexOf(p.Part, StringComparison.Ordinal)).ToList();
        var added = parts.Select(p => (p.Name, column is null ? Fixed(p.Part, runTime) : $"CAST({p.Function}({SqlText.Identifier(column)}) AS INTEGER)")).ToList();
        var constants = column is not null ? null : parts.ToDictionary(p => p.Name, p => PartOf(p.Part, runTime).ToString(CultureInfo.InvariantCulture));
        return new Partitioning([.. added.Select(a => a.Name)], added) { Constants = constants };
    }

    private static string Fixed(string part, DateTimeOffset time) => string.Create(CultureInfo.InvariantCulture, $"CAST({PartOf(part, time)} AS INTEGER)");

    private static int PartOf(string part, DateTimeOffset time) => part switch { "yyyy" => time.Year, "MM" => time.Month, "dd" => time.Day, _ => time.Hour };
}
