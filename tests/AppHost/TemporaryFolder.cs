namespace FlowForge.AppHost.Tests;

/// <summary>A folder that goes with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("flowforge-apphost-").FullName;

    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Writes a pipeline over a CSV file beside it, and returns its path.</summary>
    public string Pipeline(string name, string rows = "id,amount\n1,10\n2,20\n3,x\n", string more = "")
    {
        File.WriteAllText(At(name + ".csv"), rows);
        var file = At(name + ".yaml");
        File.WriteAllText(file, $"""
            pipeline: {name}
            ingest:
              {name}:
                source_type: file_local
                format: csv
                partition_mode: none
                schema_mode: user
                user_schema: {"{ id: BIGINT, amount: BIGINT }"}
                error_handling: quarantine
                quarantine_path: quarantine/{name}
                config: {"{ path: " + name + ".csv }"}
            gold:
              {name}_total: SELECT count(*) AS n, sum(amount) AS amount FROM bronze.{name}
            {more}
            """);
        return file;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A service that is being killed may still have written a file; the system's temporary folder is cleaned anyway.
        }
    }
}
