using System.Reflection;
using FlowForge.Plugins;

namespace FlowForge.PluginHost;

/// <summary>What kind of value a setting takes; decides the form's field and the JSON Schema's type.</summary>
public enum SettingKind { Text, Boolean, Integer, Number, Time, Duration, Address, Choice, Secret, List, Map, Group }

/// <summary>One setting of a spec record.</summary>
public sealed class SettingDescription
{
    internal SettingDescription(PropertyInfo property, object defaults)
    {
        var attribute = property.GetCustomAttribute<SettingAttribute>();
        Property = property;
        Name = SnakeCase.From(property.Name);
        Description = attribute?.Description ?? "";
        Title = attribute?.Title ?? SettingTitle.Of(Name);
        Scope = attribute?.Scope ?? SettingScope.Job;
        Minimum = attribute is null || double.IsNaN(attribute.Minimum) ? null : attribute.Minimum;
        Maximum = attribute is null || double.IsNaN(attribute.Maximum) ? null : attribute.Maximum;
        Pattern = attribute?.Pattern;
        Example = attribute?.Example;
        When = attribute?.When is { } when ? SettingCondition.Read(when, Name) : null;
        Required = property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null;
        Type = new SettingType(property.PropertyType, property.Name);
        Default = Required ? null : property.GetValue(defaults);
    }

    /// <summary>As written in YAML: snake case.</summary>
    public string Name { get; }
    public string Title { get; }
    public string Description { get; }
    public SettingKind Kind => Type.Kind;
    public bool Required { get; }
    /// <summary>The value when none is given, as the spec record initialises it; null for none.</summary>
    public object? Default { get; }
    /// <summary>The default as JSON, where it is worth showing.</summary>
    public System.Text.Json.Nodes.JsonNode? DefaultJson => JsonSchemaWriter.Value(Default);
    public SettingScope Scope { get; }
    public double? Minimum { get; }
    public double? Maximum { get; }
    public string? Pattern { get; }
    public string? Example { get; }
    /// <summary>When it means something; null for always. Given without need, it is ignored.</summary>
    public SettingCondition? When { get; }
    /// <summary>The allowed words of a <see cref="SettingKind.Choice"/>.</summary>
    public IReadOnlyList<string> Choices => Type.Element?.Choices is { Count: > 0 } choices ? choices : Type.Choices;
    /// <summary>What a <see cref="SettingKind.List"/> or <see cref="SettingKind.Map"/> holds.</summary>
    public SettingKind? ElementKind => Type.Element?.Kind;
    /// <summary>The settings inside of a <see cref="SettingKind.Group"/>, or of each one in a list or map of groups.</summary>
    public SpecDescription? Group => Type.Group ?? Type.Element?.Group;

    internal SettingType Type { get; }
    internal PropertyInfo Property { get; }

}

/// <summary>A setting's .NET type, taken apart once.</summary>
internal sealed class SettingType
{
    private static readonly Type[] Integers = [typeof(int), typeof(long), typeof(short), typeof(byte)];
    private static readonly Type[] Numbers = [typeof(double), typeof(float), typeof(decimal)];

    public SettingType(Type declared, string where)
    {
        Declared = declared;
        Value = Nullable.GetUnderlyingType(declared) ?? declared;
        Kind = KindOf(Value)
            ?? throw new PluginException($"Setting {where} has the type {declared}, which settings cannot have. Use text, bool, numbers, times, Uri, enums, Secret, lists, string-keyed dictionaries or records of these.");
        if (Kind == SettingKind.Choice) Choices = [.. Enum.GetNames(Value).Select(SnakeCase.From)];
        if (Kind == SettingKind.List) Element = new SettingType(ElementOf(Value)!, where);
        if (Kind == SettingKind.Map) Element = new SettingType(Value.GetGenericArguments()[1], where);
        if (Kind == SettingKind.Group) Group = new SpecDescription(SnakeCase.From(where), Value);
    }

    public Type Declared { get; }
    public Type Value { get; }
    public SettingKind Kind { get; }
    public IReadOnlyList<string> Choices { get; } = [];
    public SettingType? Element { get; }
    public SpecDescription? Group { get; }

    private static SettingKind? KindOf(Type type) =>
        type == typeof(string) ? SettingKind.Text
        : type == typeof(bool) ? SettingKind.Boolean
        : Integers.Contains(type) ? SettingKind.Integer
        : Numbers.Contains(type) ? SettingKind.Number
        : type == typeof(DateTimeOffset) ? SettingKind.Time
        : type == typeof(TimeSpan) ? SettingKind.Duration
        : type == typeof(Uri) ? SettingKind.Address
        : type == typeof(Secret) ? SettingKind.Secret
        : type.IsEnum ? SettingKind.Choice
        : IsMap(type) ? SettingKind.Map
        : ElementOf(type) is not null ? SettingKind.List
        : type.IsClass && type.Namespace?.StartsWith("System", StringComparison.Ordinal) != true && type.GetConstructor([]) is not null ? SettingKind.Group
        : null;

    private static bool IsMap(Type type) =>
        type.IsGenericType && type.GetGenericArguments() is [var key, _] && key == typeof(string)
        && type.IsAssignableFrom(typeof(Dictionary<,>).MakeGenericType(type.GetGenericArguments()));

    private static Type? ElementOf(Type type) =>
        type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.GetGenericArguments() is [var element] && type.IsAssignableFrom(element.MakeArrayType()) ? element
        : null;
}
