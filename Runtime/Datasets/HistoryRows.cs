using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Datasets;

/// <summary>Rows that are the present state of things whose history the table keeps (mode scd2): changed things get a new row, the old one is closed.</summary>
internal sealed class HistoryRows(DatasetJob job, DuckSession session, TableTransaction transaction, DatasetSql sql) : KeptRows(job, session, transaction, sql)
{
    public override Applied Apply()
    {
        var options = new HistoryOptions { Keys = Job.Dataset.Keys, EffectiveFrom = Job.Request.RunTime, CloseMissing = Job.Dataset.CloseMissing, Write = Write(CommitMode.Replace) };
        var done = Transaction.MergeHistory(Session, Left, options, Job.Cancel);
        Job.Log.Info($"{done.Inserted} things are new, {done.Updated} changed, {done.Unchanged} unchanged{(Job.Dataset.CloseMissing ? $", {done.Deleted} closed" : "")}.");
        return new Applied(done.Source, new Dictionary<string, string> { ["scd2"] = string.Create(CultureInfo.InvariantCulture, $"inserted={done.Inserted} updated={done.Updated} unchanged={done.Unchanged} closed={done.Deleted}") });
    }
}
