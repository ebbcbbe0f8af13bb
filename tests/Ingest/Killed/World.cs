using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Datasets;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Tests.Killed;

/// <summary>
/// Sources that go on step by step, and the jobs that follow them: files with child tables and drift, a merge whose source gets columns, a history, changes of a stream, an incremental
/// read without keys with bad rows, and a history dataset behind the merge. What each table holds after a number of steps can be computed.
/// </summary>
internal sealed class World(Bench bench)
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Tables that are committed once a step, with the job that does it; in the order of the jobs.</summary>
    public static readonly (string Table, string Job)[] Tables =
    [
        ("bronze.files", "ingest.files"), ("bronze.merged", "ingest.merged"), ("bronze.history", "ingest.history"), ("bronze.stream", "ingest.stream"), ("bronze.late", "ingest.late"), ("silver.things", "silver.things"),
    ];

    private static readonly IngestDefinition[] Jobs =
    [
        Bench.Job("""
            source_type: file_local
            format: json
            error_handling: quarantine
            quarantine_path: quarantine/files
            config: { path: "data/*.json", nested: split }
            """, "files"),
        Bench.Job("source_type: test_tables\nwrite_mode: merge\ndedupe_keys: [id]\nconfig: { table_name: merged }", "merged"),
        Bench.Job("source_type: test_tables\nwrite_mode: scd2\ndedupe_keys: [id]\nlanding: reference\nconfig: { table_name: history }", "history"),
        Bench.Job("source_type: test_stream\nwrite_mode: merge\ndedupe_keys: [id]\nfilter: value <> 'hide'", "stream"),
        Bench.Job("""
            source_type: test_tables
            incremental_mode: incremental
            watermark_column: n
            error_handling: quarantine
            quarantine_path: quarantine/late
            schema_mode: user
            user_schema: { n: long, v: int }
            config: { table_name: late }
            """, "late"),
    ];

    private static readonly DatasetDefinition Things = new() { Layer = "silver", Name = "things", Sql = "SELECT id, n FROM bronze.merged", Mode = DatasetMode.Scd2, Keys = ["id"] };

    /// <summary>Does a step, or what an attempt that was killed has left of it.</summary>
    public async Task StepAsync(int step)
    {
        PutSources(step);
        foreach (var job in Jobs) await bench.RunAsync(job, Request(step, "ingest." + job.Name));
        await new DatasetRunner(bench.Lake, bench.Catalog, new DatasetOptions { Threads = 1, SpillFolder = Path.Combine(bench.Root, "spill") }).RunAsync(Things, Request(step, "silver.things"), Nowhere.Instance, Nowhere.Instance, CancellationToken.None);
    }

    private JobRequest Request(int step, string job) => new()
    {
        RunId = $"run-{step}", Pipeline = "test", PipelineVersion = 1, JobId = job, BaseDirectory = bench.Workspace, RunTime = Begin.AddDays(step), TxnVersion = step + 1,
    };

    /// <summary>The sources as they are at a step: the same at each attempt.</summary>
    private void PutSources(int step)
    {
        Put($"data/f-{step:D4}.json", string.Concat(Enumerable.Range(0, 30).Select(i => Record(step, i) + "\n")));
        var extra = step >= 3;
        Put("tables/merged.csv", $"id:long,n:long{(extra ? ",extra:string" : "")}\n"
            + string.Concat(Enumerable.Range(0, 50).Where(id => step == 0 || id % 5 == step % 5).Append(1000 + step).Select(id => $"{id},{step}{(extra ? ",e" + step.ToString(CultureInfo.InvariantCulture) : "")}\n")));
        Put("tables/history.csv", "id:long,v:long\n" + string.Concat(Enumerable.Range(0, 20).Select(id => $"{id},{Enumerable.Range(0, step + 1).LastOrDefault(t => id % 4 == t % 4, -1)}\n")));
        Put("events.txt", string.Concat(Enumerable.Range(0, step + 1).Select(s => $"i,{s},a\nu,{s},b{s}\ni,{1000 + s},c\n{(s > 0 ? $"u,{1000 + s - 1},hide\n" : "")}")));
        Put("tables/late.csv", "n:long,v:string\n" + string.Concat(Enumerable.Range(0, step + 1).Select(s => $"{s},{s * 10}\n{s},bad\n{s},{s * 10}\n")));
        if (!File.Exists(Path.Combine(bench.Workspace, "acks.txt"))) bench.Write("acks.txt", "");
    }

    private static string Record(int step, int i)
    {
        if (i == 5) return $"broken {step}";
        var id = step * 100 + i;
        var value = step % 4 == 3 && i == 0 ? $"\"text {step}\"" : i.ToString(CultureInfo.InvariantCulture);
        var items = i % 3 == 0 ? "" : $",\"items\":[{{\"sku\":{id * 10}}},{{\"sku\":{id * 10 + 1},\"of\":{step}}}]";
        var notes = i == 1 && step % 3 == 1 ? $",\"notes\":[{{\"t\":{id}}}]" : "";
        return $"{{\"id\":{id},\"v\":{value}{items}{notes}{(step >= 2 ? $",\"e{step % 2}\":true" : "")}}}";
    }

    // A source that is written is never half there.
    private void Put(string name, string text)
    {
        var path = Path.Combine(bench.Workspace, name);
        if (File.Exists(path) && File.ReadAllText(path) == text) return;
        bench.Write(name + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Steps that each table has behind it.</summary>
    public static long[] Progress(LakeStore lake) => [.. Tables.Select(t => lake.Table(TableName.Parse(t.Table)).TransactionVersion("test/" + t.Job) ?? 0)];

    /// <summary>Holds every table against what it must be after the steps that it has committed.</summary>
    public void Check(LakeStore lake, string about)
    {
        var steps = Progress(lake);
        Assert.True(steps.Zip(steps.Skip(1)).All(p => p.First == p.Second || p.First == p.Second + 1) && steps[0] - steps[^1] is 0 or 1, $"{about}: {string.Join(" ", steps)}");
        Files(lake, steps[0], about);
        Is("bronze.merged", steps[1], "count(*), count(DISTINCT id), sum(n)", k => $"{50 + k}|{50 + k}|{Enumerable.Range(0, 50).Sum(id => Last(id, k)) + k * (k - 1) / 2}");
        Is("bronze.history", steps[2], "count(*), count(*) FILTER (WHERE is_current), count(*) FILTER (WHERE valid_to IS NULL), sum(v) FILTER (WHERE is_current)",
            k => $"{20 + 5 * (k - 1)}|20|20|{Enumerable.Range(0, 20).Sum(id => Enumerable.Range(0, (int)k).LastOrDefault(t => id % 4 == t % 4, -1))}");
        Is("bronze.stream", steps[3], "count(*), count(DISTINCT id), count(*) FILTER (WHERE value = 'b' || id), max(id)", k => $"{k + 1}|{k + 1}|{k}|{1000 + k - 1}");
        Is("bronze.late", steps[4], "count(*), sum(n), sum(v)", k => $"{2 * k}|{k * (k - 1)}|{10 * k * (k - 1)}");
        if (steps[4] > 0)
        {
            var late = lake.Table(TableName.Parse("bronze.late")).Latest()!.State!;
            Assert.Equal((steps[4] - 1).ToString(CultureInfo.InvariantCulture), late.Cursor);
            Assert.Equal([$"{steps[4]}|{steps[4]}"], Rejects(late, "count(*), count(DISTINCT raw)"));
        }
        Is("silver.things", steps[5], "count(*), count(*) FILTER (WHERE is_current), sum(n) FILTER (WHERE is_current)", k => $"{51 + 11 * (k - 1)}|{50 + k}|{Enumerable.Range(0, 50).Sum(id => Last(id, k)) + k * (k - 1) / 2}");

        void Is(string table, long k, string select, Func<long, string> expected)
        {
            if (k > 0) Assert.Equal($"{about}: {table} after {k}: {expected(k)}", $"{about}: {table} after {k}: {Bench.Query($"SELECT {select} FROM {{t}}", lake.Table(TableName.Parse(table)).Latest()!, false).Single()}");
        }

        IReadOnlyList<string> Rejects(JobState state, string select)
        {
            var cut = state.Rejects!.LastIndexOf('@');
            return Bench.Query($"SELECT {select} FROM {{t}} WHERE status = 'open'", lake.TableAt(state.Rejects[..cut]).At(long.Parse(state.Rejects[(cut + 1)..], CultureInfo.InvariantCulture))!, false);
        }

        void Files(LakeStore store, long k, string why)
        {
            if (k == 0) return;
            var files = store.Table(TableName.Parse("bronze.files")).Latest()!;
            Is("bronze.files", k, "count(*), count(DISTINCT id), sum(id)", n => $"{29 * n}|{29 * n}|{Enumerable.Range(0, (int)n).Sum(s => 29 * s * 100 + 435 - 5)}");
            Assert.Equal((why, k), (why, files.State!.FilesSeen.Count));
            Assert.Equal([$"{k}|{k}"], Rejects(files.State, "count(*), count(DISTINCT raw)"));
            // A child counts as far as the table's commit names it: a run that was killed may have put more there.
            foreach (var (child, version) in files.State.Children)
            {
                var expected = child == "files__items" ? 38 * k : Enumerable.Range(0, (int)k).Count(s => s % 3 == 1);
                var rows = Bench.Query("SELECT count(*), count(DISTINCT (_ff_record, _ff_key, _ff_file)) FROM {t}", store.Table(TableName.Parse("bronze." + child)).At(version)!, true).Single();
                Assert.Equal($"{why}: {child} after {k}: {expected}|{expected}", $"{why}: {child} after {k}: {rows}");
            }
        }
    }

    private static int Last(int id, long steps) => Enumerable.Range(0, (int)steps).Last(t => t == 0 || id % 5 == t % 5);

    private sealed class Nowhere : IProgress<JobProgress>, IJobLog
    {
        public static readonly Nowhere Instance = new();

        public void Report(JobProgress value) { }

        public void Write(JobLogLevel level, string message) { }
    }
}
