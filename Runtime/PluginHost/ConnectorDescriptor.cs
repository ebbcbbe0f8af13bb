using System.Reflection;
using FlowForge.Plugins;

namespace FlowForge.PluginHost;

/// <summary>What is known of a connector without opening it. Immutable; valid after its plugin was replaced.</summary>
public sealed class ConnectorDescriptor
{
    private readonly Type _type;
    private readonly LoadedPlugin _plugin;

    internal ConnectorDescriptor(Type type, LoadedPlugin plugin)
    {
        (_type, _plugin) = (type, plugin);
        var attribute = type.GetCustomAttribute<ConnectorAttribute>()!;
        Name = attribute.Name;
        Title = attribute.Title ?? attribute.Name;
        Description = attribute.Description ?? "";
        Aliases = attribute.Aliases;
        SendsRequests = attribute.SendsRequests;
        (IsFormat, Endings, ZipMark) = attribute is FormatAttribute format ? (true, format.Endings, format.ZipMark) : (false, [], null);
        if (IsFormat != typeof(IFormatReader).IsAssignableFrom(type))
            throw new PluginException($"{type.FullName} {(IsFormat ? "carries [Format] and must implement IBatchFormat or IRecordFormat" : "reads a format and must carry [Format] in place of [Connector]")}.");
        Version = type.Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
        if (!typeof(IConnector).IsAssignableFrom(type) || type.IsAbstract)
            throw new PluginException($"{type.FullName} carries [Connector] and must be a class that implements {nameof(IConnector)}.");
        Constructor = type.GetConstructors().SingleOrDefault(c => SpecType(c) is not null)
            ?? throw new PluginException($"{type.FullName} needs one public constructor that takes a ConnectorContext<TSpec>.");
        Spec = new SpecDescription(Name, SpecType(Constructor)!);
        Abilities = [.. type.GetInterfaces().Where(i => i != typeof(IConnector) && typeof(IConnector).IsAssignableFrom(i)).Select(AbilityName).Distinct().Order(StringComparer.Ordinal)];
    }

    public string Name { get; }
    public string Title { get; }
    public string Description { get; }
    public IReadOnlyList<string> Aliases { get; }
    /// <summary>Whether a rate limit has anything to space.</summary>
    public bool SendsRequests { get; }
    public string Version { get; }
    /// <summary>Whether it reads a format of files, and is no connector of its own.</summary>
    public bool IsFormat { get; }
    /// <summary>Of a format: the endings of file names that mean it, without the dot.</summary>
    public IReadOnlyList<string> Endings { get; }
    /// <summary>Of a format whose files are zip archives: a member that they all have.</summary>
    public string? ZipMark { get; }
    /// <summary>The settings: form, validation and JSON Schema come from here.</summary>
    public SpecDescription Spec { get; }
    /// <summary>The contract's interfaces it implements, snake case without the I: <c>file_source</c>, <c>discover</c> …</summary>
    public IReadOnlyList<string> Abilities { get; }
    internal ConstructorInfo Constructor { get; }
    internal LoadedPlugin Plugin => _plugin;
    internal Type Type => _type;

    public override string ToString() => $"{Name} ({_type.FullName} {Version})";

    private static string AbilityName(Type type) => SnakeCase.From(type.Name.Split('`')[0][1..]);

    private static Type? SpecType(ConstructorInfo constructor) =>
        constructor.GetParameters() is [{ ParameterType: { IsGenericType: true } parameter }] && parameter.GetGenericTypeDefinition() == typeof(ConnectorContext<>)
            ? parameter.GetGenericArguments()[0]
            : null;
}
