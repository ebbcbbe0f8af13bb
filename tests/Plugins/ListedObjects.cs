namespace FlowForge.Plugins.Tests;

/// <summary>What object stores are filled with for tests of their listings: keys are flat, and patterns match them as if they were paths.</summary>
public static class ListedObjects
{
    private static readonly string[] Keys = ["a.csv", "b.csv", "sub/c.csv", "sub/deep/d.csv", "sub/x.txt", "folder/"];

    /// <summary>Patterns, and what each finds among the keys of <see cref="PutAsync"/>.</summary>
    public static TheoryData<string, string> Patterns { get; } = new()
    {
        { "a.csv", "a.csv" },
        { "*.csv", "a.csv b.csv" },
        { "/sub/**/*.csv", "sub/c.csv sub/deep/d.csv" },
        { "**/*.csv", "a.csv b.csv sub/c.csv sub/deep/d.csv" },
        { "sub/{c,x}.*", "sub/c.csv sub/x.txt" },
        { "none/*", "" },
    };

    public static async Task PutAsync(Func<string, Task> put)
    {
        foreach (var key in Keys) await put(key);
    }

    /// <summary><c>many/00000.csv</c> and so on.</summary>
    public static Task PutManyAsync(int count, Func<string, Task> put) =>
        Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken }, async (i, _) => await put($"many/{i:D5}.csv"));
}
