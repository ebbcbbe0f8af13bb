using System.Security.Cryptography;
using System.Text;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCaseOrderer(typeof(FlowForge.Tests.SameOrder))]
[assembly: TestCollectionOrderer(typeof(FlowForge.Tests.SameOrder))]

namespace FlowForge.Tests;

/// <summary>
/// Tests run in an order that only their names and the number in <c>FLOWFORGE_ORDER</c> (0 unless set) decide. xunit's own order comes from the folder of the assembly as well:
/// what passes in one checkout could fail in another. Another number shuffles them, to find a test that needs another one to have run before it.
/// </summary>
public sealed class SameOrder : ITestCaseOrderer, ITestCollectionOrderer
{
    private static readonly string Seed = Environment.GetEnvironmentVariable("FLOWFORGE_ORDER") is { Length: > 0 } set ? set : "0";

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases) where TTestCase : notnull, ITestCase =>
        [.. testCases.OrderBy(test => Place(test.TestCaseDisplayName), StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections) where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Place(collection.TestCollectionDisplayName), StringComparer.Ordinal)];

    private static string Place(string name) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{Seed}/{name}")));
}
