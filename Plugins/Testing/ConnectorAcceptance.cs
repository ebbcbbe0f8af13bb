using System.Reflection;
using System.Text.RegularExpressions;

namespace FlowForge.Plugins.Testing;

/// <summary>What every connector must do, whatever it hands over. Independent of test frameworks: a broken rule throws.</summary>
public static partial class ConnectorAcceptance
{
    private const int Attempts = 5;

    /// <summary>Checks what a connector says of itself: its name, and its settings with their descriptions. Part of the other suites.</summary>
    /// <exception cref="AcceptanceException">A rule is broken.</exception>
    public static void CheckSpec(Type connector)
    {
        // A double of a test has no settings to describe.
        if (connector.GetCustomAttribute<ConnectorAttribute>() is not { } attribute) return;
        Require(NamePattern().IsMatch(attribute.Name), $"The name \"{attribute.Name}\" must be of lower case letters, digits and _.");
        Require(attribute.Description is { Length: > 0 } && attribute.Description.EndsWith('.'), $"{attribute.Name} needs a description, a sentence that ends with a full stop.");
        var contexts = connector.GetConstructors().Where(c => c.GetParameters() is [{ ParameterType: { IsGenericType: true } type }] && type.GetGenericTypeDefinition() == typeof(ConnectorContext<>)).ToList();
        Require(contexts.Count == 1, $"{attribute.Name} needs one public constructor that takes a ConnectorContext<TSpec>.");
        CheckSettings(attribute.Name, contexts[0].GetParameters()[0].ParameterType.GetGenericArguments()[0], []);
    }

    private static void CheckSettings(string where, Type spec, HashSet<Type> seen)
    {
        if (!seen.Add(spec)) return;
        Require(spec.GetConstructor([]) is not null, $"{spec.Name} needs a constructor without parameters.");
        foreach (var property in spec.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is not null))
        {
            var setting = property.GetCustomAttribute<SettingAttribute>();
            Require(setting is { Description.Length: > 0 }, $"{where}.{property.Name} has no description.");
            Require(setting!.Pattern is null || IsPattern(setting.Pattern), $"{where}.{property.Name} has a pattern that is no regular expression.");
            Require(!(setting.Minimum > setting.Maximum), $"{where}.{property.Name} has a minimum above its maximum.");
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            Require(!SecretPattern().IsMatch(property.Name) || type == typeof(Secret), $"{where}.{property.Name} sounds like a secret and must be of the type Secret: others show in logs and forms.");
            if (type.IsClass && type.Namespace?.StartsWith("System", StringComparison.Ordinal) == false) CheckSettings($"{where}.{property.Name}", type, seen);
        }
    }

    /// <summary>Checks that wrong settings are refused with what is wrong and what to do, and without showing what must not be shown.</summary>
    /// <param name="wrong">A connector that cannot work: another password, a server that is not there.</param>
    /// <param name="secrets">Texts that no message may hold.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <returns>The refusal.</returns>
    public static async Task<TerminalException> CheckRefusalAsync(ITestConnection wrong, IReadOnlyList<string> secrets, CancellationToken cancellationToken = default)
    {
        try
        {
            var said = await wrong.TestAsync(cancellationToken).ConfigureAwait(false);
            throw new AcceptanceException($"Wrong settings are found to work: {said}");
        }
        catch (TerminalException e)
        {
            Require(e.Message.Length > 0, "A refusal says nothing.");
            Require(e.Suggestion is { Length: > 0 }, $"A refusal does not say what to do: {e.Message}");
            var shown = $"{e} {e.Suggestion}";
            Require(!secrets.Any(s => s.Length > 0 && shown.Contains(s, StringComparison.Ordinal)), "A refusal shows a secret.");
            return e;
        }
        catch (Exception e) when (e is not AcceptanceException and not OperationCanceledException)
        {
            throw new AcceptanceException($"Wrong settings end in a {e.GetType().Name} in place of a TerminalException: {e.Message}");
        }
        finally
        {
            await EndAsync(wrong).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Checks that a connector leaves neither open files nor threads behind (where the system lets them be counted). What the process does beside may disturb a count, so that only
    /// a growth that comes each time counts.
    /// </summary>
    /// <param name="use">Opens a connector, uses it and disposes it.</param>
    /// <param name="rounds">How often in a row.</param>
    public static async Task CheckLeaksAsync(Func<Task> use, int rounds = 10)
    {
        if (!Directory.Exists("/proc/self/fd")) return;
        // What is made once, such as a pool, is no leak.
        await use().ConfigureAwait(false);
        (int Handles, int Threads) grown = default;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var before = Count();
            for (var i = 0; i < rounds; i++) await use().ConfigureAwait(false);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var after = Count();
            grown = (after.Handles - before.Handles, after.Threads - before.Threads);
            if (grown.Handles < rounds && grown.Threads < rounds) return;
        }
        throw new AcceptanceException($"{rounds} uses leave {grown.Handles} open handles and {grown.Threads} threads behind.");
    }

    private static (int Handles, int Threads) Count() => (Directory.GetFileSystemEntries("/proc/self/fd").Length, Directory.GetFileSystemEntries("/proc/self/task").Length);

    internal static async ValueTask EndAsync(IConnector connector)
    {
        if (connector is IAsyncDisposable disposable) await disposable.DisposeAsync().ConfigureAwait(false);
        else (connector as IDisposable)?.Dispose();
    }

    private static bool IsPattern(string pattern)
    {
        try { return new Regex(pattern, RegexOptions.None, TimeSpan.FromSeconds(1)) is not null; }
        catch (ArgumentException) { return false; }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new AcceptanceException(message);
    }

    [GeneratedRegex("^[a-z][a-z0-9_]*$")]
    private static partial Regex NamePattern();

    [GeneratedRegex("(Password|Secret|Passphrase|PrivateKey|AccessKey|ApiKey|Token)$")]
    private static partial Regex SecretPattern();
}
