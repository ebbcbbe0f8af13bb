using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FlowForge.Plugins.Testing;

/// <summary>One way to open a source, and what to ask of it. Each call of <paramref name="Open"/> makes a new connector, as for a new run.</summary>
public sealed record Reading<TSource>(Func<TSource> Open, ReadRequest Request) where TSource : IConnector;

/// <summary>Settings that cannot work and what is said of them, whole. An end of <c>…</c> stands for what another program's message goes on with.</summary>
public sealed record Refusal(Func<ITestConnection> Open, string Message, string? Suggestion);

/// <summary>A check that ran.</summary>
/// <param name="Check">Its name.</param>
/// <param name="Took">By the clock.</param>
/// <param name="Processor">Processor time of the process, servers inside of it included.</param>
public sealed record PassedCheck(string Check, TimeSpan Took, TimeSpan Processor);

/// <summary>
/// The whole acceptance suite of one connector: what it must be given is required, so that no check is left out. Independent of test frameworks: a broken rule throws, with the
/// check's name before it. Run it alone in its process, for it counts handles, threads and memory.
/// </summary>
public abstract record ConnectorSuite
{
    /// <summary>Opens a connector whose settings work.</summary>
    public required Func<IConnector> Works { get; init; }

    /// <summary>What its connection test says: a regular expression of the whole line.</summary>
    public required string TestSays { get; init; }

    /// <summary>Settings that do not work: at least a place where nobody answers, and a login that is refused where there are logins.</summary>
    public required IReadOnlyList<Refusal> Refusals { get; init; }

    /// <summary>A name that discovery lists; needed by connectors that discover.</summary>
    public string? Discovered { get; init; }

    /// <summary>Texts that no message may hold.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>How often the connector is used in a row to find leaks.</summary>
    public int LeakRounds { get; init; } = 10;

    /// <summary>Runs all checks.</summary>
    /// <returns>The checks that ran, in their order.</returns>
    /// <exception cref="AcceptanceException">A rule is broken.</exception>
    public async Task<IReadOnlyList<PassedCheck>> CheckAsync(CancellationToken cancellationToken = default)
    {
        var ran = new List<PassedCheck>();
        foreach (var (name, check) in Common().Concat(Checks()))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (clock, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            try { await check(cancellationToken).ConfigureAwait(false); }
            catch (AcceptanceException e) { throw new AcceptanceException($"{name}: {e.Message}"); }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested) { throw new AcceptanceException($"{name}: {e.GetType().Name}: {e.Message}", e); }
            ran.Add(new PassedCheck(name, clock.Elapsed, Environment.CpuUsage.TotalTime - processor));
        }
        return ran;
    }

    /// <summary>The check that reads much, how much that is, and in which unit: for figures of speed.</summary>
    public abstract (string Check, double Amount, string Unit) Large { get; }

    /// <summary>The checks of this kind of connector, by name.</summary>
    protected abstract IEnumerable<(string Name, Func<CancellationToken, Task> Check)> Checks();

    private IEnumerable<(string Name, Func<CancellationToken, Task> Check)> Common()
    {
        yield return ("spec", CheckSpecAsync);
        yield return ("connection that works", CheckTestAsync);
        yield return ("connections that do not", CheckRefusalsAsync);
        yield return ("discovery", CheckDiscoveryAsync);
    }

    private async Task CheckSpecAsync(CancellationToken cancellationToken)
    {
        var connector = Works();
        await ConnectorAcceptance.EndAsync(connector).ConfigureAwait(false);
        ConnectorAcceptance.CheckSpec(connector.GetType());
    }

    private async Task CheckTestAsync(CancellationToken cancellationToken)
    {
        var connector = Works();
        try
        {
            Require(connector is ITestConnection, "A connector can say whether its connection works (ITestConnection).");
            var said = await ((ITestConnection)connector).TestAsync(cancellationToken).ConfigureAwait(false);
            Require(!said.Contains('\n', StringComparison.Ordinal) && Regex.IsMatch(said, $"^(?:{TestSays})$", RegexOptions.None, TimeSpan.FromSeconds(1)), $"It says \"{said}\", and {TestSays} was expected.");
        }
        finally { await ConnectorAcceptance.EndAsync(connector).ConfigureAwait(false); }
    }

    private async Task CheckRefusalsAsync(CancellationToken cancellationToken)
    {
        Require(Refusals.Count > 0, "There are no wrong settings to try.");
        foreach (var refusal in Refusals)
        {
            var failure = await ConnectorAcceptance.CheckRefusalAsync(refusal.Open(), Secrets, cancellationToken).ConfigureAwait(false);
            Require(Same(failure.Message, refusal.Message), $"It says \"{failure.Message}\", and \"{refusal.Message}\" was expected.");
            Require(refusal.Suggestion is null || Same(failure.Suggestion!, refusal.Suggestion), $"It suggests \"{failure.Suggestion}\", and \"{refusal.Suggestion}\" was expected.");
        }
    }

    private async Task CheckDiscoveryAsync(CancellationToken cancellationToken)
    {
        var connector = Works();
        try
        {
            if (connector is not IDiscover discoverer) return;
            var names = new List<string>();
            await foreach (var table in discoverer.DiscoverAsync(cancellationToken).ConfigureAwait(false))
            {
                names.Add(table.Name);
                Require(table.Keys.Count == 0 || table.Columns.Count == 0 || table.Keys.All(k => table.Columns.Any(c => c.Name == k)), $"{table.Name} has the key ({string.Join(", ", table.Keys)}), which is not among its columns.");
            }
            Require(names.Distinct(StringComparer.Ordinal).Count() == names.Count && !names.Contains(""), $"Names are not unique, or empty: {string.Join(", ", names)}.");
            Require(Discovered is { } wanted && names.Contains(wanted), $"\"{Discovered}\" is not listed among {string.Join(", ", names.Take(20))}.");
        }
        finally { await ConnectorAcceptance.EndAsync(connector).ConfigureAwait(false); }
    }

    private static bool Same(string said, string expected) => expected.EndsWith('…') ? said.StartsWith(expected[..^1], StringComparison.Ordinal) : said == expected;

    /// <exception cref="AcceptanceException">It does not hold.</exception>
    protected static void Require(bool holds, string message)
    {
        if (!holds) throw new AcceptanceException(message);
    }
}
