using System.Globalization;
using System.Text;

namespace FlowForge.Acceptance.Tests;

/// <summary>A data folder with a workspace, a pipeline over growing CSV files, and the exact rows that its tables must hold. Deleted at the end.</summary>
internal sealed class Workspace : IDisposable
{
    public const string Pipeline =
        """
        pipeline: orders
        on_overlap: buffer
        ingest:
          customers:
            source_type: file_local
            format: csv
            is_reference: true
            write_mode: replace
            config: { path: data/customers.csv }
          orders:
            source_type: file_local
            format: csv
            config: { path: data/orders-*.csv }
          payments:
            source_type: file_local
            format: json
            config: { path: data/payments-*.ndjson }
        silver:
          orders_clean:
            sql: SELECT o.order_id, o.customer_id, o.amount, c.country FROM bronze.orders o JOIN bronze.customers c USING (customer_id)
            checks: [ { not_null: [order_id, country] }, { unique: [order_id] } ]
        gold:
          by_country:
            sql: SELECT country, count(*) AS orders, sum(amount) AS amount FROM silver.orders_clean GROUP BY country
          totals:
            sql: |
              SELECT (SELECT count(*) FROM silver.orders_clean) AS orders, (SELECT sum(order_id) FROM silver.orders_clean) AS order_ids,
                     (SELECT count(*) FROM bronze.payments) AS payments, (SELECT sum(cents) FROM bronze.payments) AS cents
        """;

    private readonly int _rowsPerFile;

    public Workspace(int rowsPerFile)
    {
        _rowsPerFile = rowsPerFile;
        Folder = Directory.CreateTempSubdirectory("ff-acceptance-").FullName;
        Directory.CreateDirectory(Path.Combine(Base, "data"));
        File.WriteAllText(Path.Combine(Base, "data", "customers.csv"), "customer_id,country\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"{i},{Countries[i % 4]}\n")));
        PipelineFile = Path.Combine(Base, "orders.yaml");
        File.WriteAllText(PipelineFile, Pipeline);
    }

    private static readonly string[] Countries = ["Österreich", "日本", "Côte d'Ivoire", "Peru"];

    public string Folder { get; }

    /// <summary>The pipeline's base directory, inside the data folder's workspace.</summary>
    public string Base => Path.Combine(Folder, "workspace");

    public string PipelineFile { get; }

    public long Orders { get; private set; }

    /// <summary>Sum of order ids: a lost and a doubled row do not cancel out in it and the count both.</summary>
    public long OrderIdSum { get; private set; }

    public long Cents { get; private set; }

    public int Files { get; private set; }

    /// <summary>One more file of orders and one of payments, each written elsewhere and moved in.</summary>
    public void AddFiles()
    {
        var orders = new StringBuilder("order_id,customer_id,amount,note\n");
        var payments = new StringBuilder();
        for (var i = 0; i < _rowsPerFile; i++)
        {
            var id = Orders++;
            OrderIdSum += id;
            Cents += id % 977;
            orders.Append(CultureInfo.InvariantCulture, $"{id},{id % 100},{id % 1000}.25,\"line one\nline \"\"two\"\" of {id}\"\n");
            payments.Append(CultureInfo.InvariantCulture, $"{{\"order_id\":{id},\"cents\":{id % 977}}}\n");
        }
        MoveIn($"orders-{Files:0000}.csv", orders);
        MoveIn($"payments-{Files:0000}.ndjson", payments);
        Files++;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private void MoveIn(string name, StringBuilder content)
    {
        var temporary = Path.Combine(Base, name + ".tmp");
        File.WriteAllText(temporary, content.ToString());
        File.Move(temporary, Path.Combine(Base, "data", name));
    }
}
