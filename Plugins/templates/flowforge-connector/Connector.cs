using System.Runtime.CompilerServices;
using FlowForge.Plugins;

namespace MyConnector;

/// <summary>The settings: each property is a field of the form and a key of the job's config.</summary>
public sealed record Spec
{
    [Setting("Where the system is", Scope = SettingScope.Connection, Example = "https://api.example.com")]
    public required Uri Url { get; init; }

    [Setting("Key to get in with", Scope = SettingScope.Connection)]
    public Secret ApiKey { get; init; }

    [Setting("How many rows to make", Minimum = 1)]
    public int Count { get; init; } = 10;
}

/// <summary>A row: each property is a column.</summary>
public sealed record Row(long Id, string Name, DateTimeOffset SeenAt);

[Connector("my_connector", Title = "MyConnector", Description = "What it reads, in one sentence.")]
public sealed class Connector(ConnectorContext<Spec> context) : IRecordSource<Row>, ITestConnection
{
    /// <summary>Throw a TerminalException when waiting will not mend it, a TransientException when it may.</summary>
    public Task<string> TestAsync(CancellationToken cancellationToken) => Task.FromResult($"{context.Settings.Url.Host} answers");

    public async IAsyncEnumerable<Row> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var id = 1L; id <= context.Settings.Count; id++)
        {
            await context.Pace.WaitAsync(cancellationToken);
            yield return new Row(id, $"row {id}", DateTimeOffset.UnixEpoch.AddDays(id));
        }
    }
}
