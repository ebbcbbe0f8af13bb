using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Notebooks.Sessions;

[assembly: AssemblyFixture(typeof(FlowForge.Notebooks.Tests.TestKernels))]

namespace FlowForge.Notebooks.Tests;

/// <summary>A small lake and a pool of kernels over it, shared by all tests; both go with them.</summary>
public sealed class TestKernels : IAsyncDisposable
{
    public TestKernels()
    {
        Folder = Path.Combine(Path.GetTempPath(), "flowforge-notebook-tests", Guid.NewGuid().ToString("n"));
        var options = new KernelOptions
        {
            KernelPath = KernelPath,
            LakeFolder = Path.Combine(Folder, "lake"),
            WorkingFolder = Path.Combine(Folder, "workspace"),
            StartTimeout = TimeSpan.FromSeconds(90),
            InterruptTimeout = TimeSpan.FromSeconds(20),
            Threads = 2,
        };
        Pool = new KernelPool(options);
        Pool.Prepare();
        FillLake(options.LakeFolder);
    }

    public string Folder { get; }

    public KernelPool Pool { get; }

    /// <summary>Beside the tests, by the rule of the artifacts' layout.</summary>
    public static string KernelPath
    {
        get
        {
            var own = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(own.Parent!.Parent!.FullName, "Notebooks.Kernel", own.Name, "FlowForge.Notebooks.Kernel.dll");
        }
    }

    /// <summary>silver.cities: version 0 with Kiel, version 1 with Bonn added.</summary>
    private static void FillLake(string folder)
    {
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 1 });
        using var session = database.Connect();
        var table = new LakeStore(folder).Table(TableName.Parse("silver.cities"));
        foreach (var row in new[] { "SELECT 'Kiel' AS name, 246 AS people", "SELECT 'Bonn' AS name, 335 AS people" })
        {
            using var transaction = table.Begin();
            transaction.Write(session, row);
            transaction.Commit(new CommitOptions());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
