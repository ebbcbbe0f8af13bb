namespace FlowForge.Plugins;

/// <summary>
/// Names a connector. Put it on a public class that implements <see cref="IConnector"/> and whose only constructor takes
/// a <see cref="ConnectorContext{TSpec}"/>; <c>TSpec</c>'s properties are the settings (see <see cref="SettingAttribute"/>).
/// </summary>
/// <param name="name">Lower case, digits and <c>_</c>; what a pipeline writes as <c>source_type</c>.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public class ConnectorAttribute(string name) : Attribute
{
    public string Name { get; } = name;
    /// <summary>The name people read, e.g. "Local files".</summary>
    public string? Title { get; init; }
    /// <summary>One sentence: what it reads or writes.</summary>
    public string? Description { get; init; }
    /// <summary>Other names a pipeline may use.</summary>
    public string[] Aliases { get; init; } = [];
    /// <summary>False where nothing is sent that a connection's rate limit could space: then none can be set.</summary>
    public bool SendsRequests { get; init; } = true;
}

/// <summary>
/// A connector as the runtime sees it. One instance serves one use (a job attempt, a test, a preview) with settings
/// that have been validated; several instances may live at once, one is never called from two threads. What it can do
/// is said by the further interfaces it implements: one of <see cref="IFileSource"/>, <see cref="IRecordSource{T}"/>,
/// <see cref="IReaderSource"/>, <see cref="IBatchSource"/> to read, <see cref="ISink"/> to write, and the abilities.
/// Constructors only store their arguments. If it is <see cref="IAsyncDisposable"/> or <see cref="IDisposable"/>, the
/// runtime disposes it after use.
/// </summary>
public interface IConnector;

/// <summary>Where a setting belongs when the settings are shared by many jobs.</summary>
public enum SettingScope
{
    /// <summary>Says what to read: written in the job.</summary>
    Job,
    /// <summary>Says where the system is and how to get in: kept with the connection. A job without a connection gives it too; one that uses a connection cannot change it.</summary>
    Connection,
}

/// <summary>
/// Describes one property of a spec record. The setting's name is the property's in snake case (<c>PageSize</c> →
/// <c>page_size</c>); <c>required</c> properties must be given, all others keep their initial value. Types: string,
/// bool, integers, double, decimal, DateTimeOffset, TimeSpan, Uri, enums, <see cref="Secret"/>, nullable forms of these,
/// lists and string-keyed dictionaries of these, and nested records.
/// </summary>
/// <param name="description">What it means, with units. Shown in the form and in the docs.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string description) : Attribute
{
    public string Description { get; } = description;
    public string? Title { get; init; }
    public SettingScope Scope { get; init; }
    /// <summary>Smallest and largest allowed number (or length of a text or list); NaN for none.</summary>
    public double Minimum { get; init; } = double.NaN;
    public double Maximum { get; init; } = double.NaN;
    /// <summary>A regular expression that the whole text must match.</summary>
    public string? Pattern { get; init; }
    /// <summary>The setting beside it and the values of it for which it means something, as <c>kind=basic,bearer</c> or <c>tls=true</c>: forms show it only then. Given without need, it is ignored.</summary>
    public string? When { get; init; }
    /// <summary>An example shown in the empty field.</summary>
    public string? Example { get; init; }
}
