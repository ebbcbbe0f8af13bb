using System.CommandLine;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge sql "SELECT …"</c></summary>
internal static class SqlCommand
{
    public static Command Create(SharedOptions shared)
    {
        var sql = new Argument<string>("select") { Description = "One SELECT over tables with their layer, and over system.runs, system.job_runs, system.files, system.watermarks, system.schema_history, system.checks." };
        var limit = new Option<int>("--limit") { Description = "Rows, at most.", DefaultValueFactory = _ => 100 };
        return Verb.Create("sql", "Runs one SELECT over the lake.", [sql, limit], shared, async c => c.Answer(await c.Client.SqlAsync(new SqlQuery(c.Value(sql), c.Value(limit)), c.Ct), r =>
        {
            TextTable.Write(Console.Out, [.. r.Columns.Select(x => x.Name)], r.Rows.Select(row => row.Select(v => v.ValueKind == System.Text.Json.JsonValueKind.Null ? "" : v.ToString()).ToArray()));
            if (r.Cut)
                Console.Error.WriteLine(r.CutAtBytes is { } bytes
                    ? $"The first {Lines.Count(r.Rows.Count)} rows: more would be larger than {bytes >> 20} MB. Select fewer columns, or a part of them."
                    : $"The first {Lines.Count(r.Rows.Count)} rows; --limit shows more.");
        }));
    }
}
