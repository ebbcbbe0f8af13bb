using FlowForge.Duck;

namespace FlowForge.Ingest.Publishing;

/// <summary>
/// Chooses by their numbers which rows of a run are written, where several are the same or the table has them already, and counts what is left out where it is chosen. What is
/// written is counted by who writes it: a row that gets lost on the way is then in neither count, and not taken for a twin.
/// </summary>
/// <param name="rows">The run's rows: a table of the session.</param>
internal sealed class Twins(DuckSession session, string rows, CancellationToken ct)
{
    private const string Taken = "temp.ff_taken";
    private const string Left = "temp.ff_left";
    private bool _isChosen;
    private bool _isThinned;

    /// <summary>Rows that are not to be written.</summary>
    public long Count { get; private set; }

    /// <summary>Rows to be written that only take away: their own source rows are counted as filtered.</summary>
    public long Undoing { get; private set; }

    /// <summary>Takes one row of each group.</summary>
    /// <param name="groups">SQL of all groups as <see cref="DedupeSql.Row"/>, <see cref="DedupeSql.Times"/> (rows of the group that count) and <see cref="DedupeSql.Counts"/> (whether the taken row is one of them).</param>
    public void TakeOne(string groups)
    {
        session.Execute($"CREATE OR REPLACE TEMP TABLE ff_taken AS {groups}", ct);
        var sums = session.Rows($"SELECT CAST(coalesce(sum({DedupeSql.Times}), 0) AS BIGINT), count(*) FILTER (WHERE {DedupeSql.Counts}), count(*) FILTER (WHERE NOT {DedupeSql.Counts}) FROM {Taken}", ct)[0];
        (Count, Undoing) = ((long)sums[0]! - (long)sums[1]!, (long)sums[2]!);
        _isChosen = session.Scalar<long>($"SELECT count(*) FROM {rows}", ct) != (long)sums[1]! + (long)sums[2]!;
    }

    /// <summary>Leaves rows out of those that are taken so far.</summary>
    /// <param name="known">SQL of them as <see cref="DedupeSql.Row"/>; rows that are not taken may be among them, but none that was left out by another call.</param>
    public void LeaveOut(string known)
    {
        session.Execute($"CREATE TEMP TABLE IF NOT EXISTS ff_left ({DedupeSql.Row} BIGINT)", ct);
        var left = session.Execute($"INSERT INTO {Left} {(_isChosen ? $"SELECT known.* FROM ({known}) AS known SEMI JOIN {Taken} AS taken USING ({DedupeSql.Row})" : known)}", ct);
        Count += left;
        _isThinned |= left > 0;
    }

    /// <summary>A SELECT of the rows to be written, in their order.</summary>
    public string Select()
    {
        var taken = _isChosen ? $" SEMI JOIN {Taken} AS taken ON chosen.rowid = taken.{DedupeSql.Row}" : "";
        var left = _isThinned ? $" ANTI JOIN {Left} AS known ON chosen.rowid = known.{DedupeSql.Row}" : "";
        return $"SELECT chosen.* FROM {rows} AS chosen{taken}{left}";
    }

    /// <summary>Lets the memory go.</summary>
    public void Clean() => session.Execute($"DROP TABLE IF EXISTS {Taken}; DROP TABLE IF EXISTS {Left}", CancellationToken.None);
}
