using System.Globalization;
using System.Text;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.State;
using FlowForge.Pipelines;
using Microsoft.Data.Sqlite;

namespace FlowForge.Benchmarks.Pages;

/// <summary>A data folder after years of use: 50,000 runs of 500 pipelines, which make 5,000 tables.</summary>
internal static class BigWorkspace
{
    public const int Pipelines = 500, IngestsOfOne = 6, SilversOfOne = 3;

    /// <param name="folder">The runtime's data folder; it is made.</param>
    /// <param name="runs">In all; a tenth of them failed.</param>
    public static void Make(string folder, int runs)
    {
        var path = Path.Combine(folder, "catalog", "catalog.db");
        using (var catalog = CatalogDatabase.Open(path))
            for (var p = 0; p < Pipelines; p++)
                catalog.Pipelines.Put($"shop_{p:000}", Text(p), PipelineFormat.Yaml, Path.Combine(folder, "workspace"));
        FillCatalog(path, runs);
        FillLake(Path.Combine(folder, "lake"));
    }

    private static string Text(int p)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"pipeline: shop_{p:000}\ndescription: Orders and stock of shop {p}\nschedule: {{ cron: \"{p % 60} {p % 24} * * *\", timezone: Europe/Berlin }}\ningest:\n"));
        for (var j = 0; j < IngestsOfOne; j++) text.Append(CultureInfo.InvariantCulture, $"  shop_{p:000}_in{j}:\n    source_type: file_local\n    format: csv\n    config: {{ path: data/{p}/{j}-*.csv }}\n");
        text.Append("silver:\n");
        for (var j = 0; j < SilversOfOne; j++) text.Append(CultureInfo.InvariantCulture, $"  shop_{p:000}_clean{j}:\n    sql: SELECT id, amount FROM bronze.shop_{p:000}_in{j} WHERE amount > 0\n");
        return text.Append(CultureInfo.InvariantCulture, $"gold:\n  shop_{p:000}_sales:\n    sql: SELECT count(*) AS orders FROM silver.shop_{p:000}_clean0\n").ToString();
    }

    /// <summary>By plain SQL in one transaction: the stores would sync each run.</summary>
    private static void FillCatalog(string path, int runs)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        var from = (DateTimeOffset.UtcNow.AddDays(-60).UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / 10;
        var step = 60L * 24 * 3600 * 1_000_000 / runs;
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $$"""
            BEGIN;
            CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {{runs - 1}}) SELECT i, {{from}} + i * {{step}} AS at, printf('shop_%03d', i * 7919 % {{Pipelines}}) AS p, i % 10 = 3 AS bad FROM n;
            INSERT INTO runs (run_id, pipeline, pipeline_version, run_trigger, state, queued_at, started_at, finished_at, error_code, error_message, job_ids, parameters, rows_read, rows_loaded, rows_rejected, bytes)
            SELECT printf('run_%06x', i), p, 1, 'schedule', iif(bad, 'failed', 'succeeded'), at, at + 1000, at + 1000000 + i % 977 * 1000, iif(bad, 'FF2001', NULL), iif(bad, 'failed at record number ' || i, NULL), '[]', '{}', 1000, 990, 10, 12345 FROM n;
            INSERT INTO job_runs (run_id, job_id, ordinal, name, kind, state, attempt, rows_read, rows_loaded, rows_rejected, rows_deduplicated, rows_filtered, bytes, started_at, finished_at, table_name, table_version, depends_on)
            SELECT printf('run_%06x', i), 'ingest.' || p || '_in' || j, j, p || '_in' || j, 'ingest', iif(bad AND j = 0, 'failed', 'succeeded'), 1, 500, 495, 5, 0, 0, 6000, at + 2000, at + 900000, 'bronze.' || p || '_in' || j, 1, '[]'
            FROM n, (SELECT 0 AS j UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5);
            INSERT INTO logs (run_id, level, logged_at, message) SELECT printf('run_%06x', i), 1, at, 'line ' || j FROM n, (SELECT 1 AS j UNION ALL SELECT 2 UNION ALL SELECT 3);
            CREATE TEMP TABLE t AS SELECT l.layer || '.' || printf('shop_%03d', n.i) || l.part AS name, l.layer, printf('shop_%03d', n.i) AS p FROM n, ({{TableNames()}}) l WHERE n.i < {{Pipelines}};
            INSERT INTO schema_history (table_name, table_version, run_id, recorded_at, columns) SELECT name, 0, 'run_000001', {{from}}, '[{"Name":"id","Type":"BIGINT","Nullable":true},{"Name":"amount","Type":"DOUBLE","Nullable":true},{"Name":"customer","Type":"VARCHAR","Nullable":true}]' FROM t;
            INSERT INTO lineage (table_name, input, pipeline, job_id) SELECT 'silver.' || p || '_clean' || j, 'bronze.' || p || '_in' || j, p, 'silver.' || p || '_clean' || j FROM (SELECT DISTINCT p FROM t), (SELECT 0 AS j UNION ALL SELECT 1 UNION ALL SELECT 2);
            INSERT INTO reject_summaries (table_name, run_id, reason, row_count, open_count) SELECT name, 'run_000001', 'WRONG_TYPE', 5, 5 FROM t WHERE layer = 'bronze';
            INSERT INTO watermarks (table_name, pipeline, job_id, column_name, value, run_id, recorded_at) SELECT name, p, 'ingest.' || substr(name, 8), 'id', '500', 'run_000001', {{from}} FROM t WHERE layer = 'bronze';
            COMMIT;
            ANALYZE;
            """);
        command.ExecuteNonQuery();
    }

    private static string TableNames() => string.Join(" UNION ALL ", Parts().Select(t => $"SELECT '{t.Layer}' AS layer, '{t.Part}' AS part"));

    private static IEnumerable<(string Layer, string Part)> Parts() =>
        [.. Enumerable.Range(0, IngestsOfOne).Select(j => ("bronze", $"_in{j}")), .. Enumerable.Range(0, SilversOfOne).Select(j => ("silver", $"_clean{j}")), ("gold", "_sales")];

    /// <summary>One real table of two versions, then its copies: only names and identities differ.</summary>
    private static void FillLake(string lake)
    {
        var model = new LakeStore(lake).Table(TableName.Parse("bronze.model"));
        using (var database = DuckDatabase.Open())
        using (var session = database.Connect())
            for (var version = 0; version < 2; version++)
            {
                using var transaction = model.Begin();
                transaction.Write(session, "SELECT i AS id, i * 1.5::DOUBLE AS amount, 'customer ' || i AS customer FROM range(500) t(i)");
                transaction.Commit(new CommitOptions
                {
                    Transaction = ("shop/model", version), Description = "Orders of a shop", Info = new Dictionary<string, string> { ["pipeline"] = "shop", ["job"] = "ingest.model", ["runId"] = "run_000001" },
                    State = new JobState { Pipeline = "shop_000", Job = "ingest.model", RunId = "run_000001", Rows = new RowEquation(500, 500, 0, 0, 0), Cursor = "500" }
                });
            }
        var id = model.Latest()!.TableId;
        var files = Directory.GetFiles(model.Location, "*", SearchOption.AllDirectories).Select(f => (Name: Path.GetRelativePath(model.Location, f), Content: File.ReadAllBytes(f))).ToList();
        Directory.Delete(model.Location, recursive: true);
        for (var p = 0; p < Pipelines; p++)
            foreach (var (layer, part) in Parts())
            {
                var folder = Path.Combine(lake, layer, string.Create(CultureInfo.InvariantCulture, $"shop_{p:000}{part}"));
                foreach (var (name, content) in files)
                {
                    var to = Path.Combine(folder, name);
                    Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                    File.WriteAllBytes(to, name.EndsWith(".json", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(content).Replace(id, Guid.NewGuid().ToString(), StringComparison.Ordinal)) : content);
                }
            }
    }
}
