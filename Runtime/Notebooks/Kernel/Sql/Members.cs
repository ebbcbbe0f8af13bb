using System.Reflection;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>The columns that a .NET type has when its values are shown or read as rows.</summary>
internal static class Members
{
    private static readonly HashSet<Type> Simple =
    [
        typeof(string), typeof(decimal), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan), typeof(Guid), typeof(byte[]), typeof(Uri),
        typeof(System.Numerics.BigInteger), typeof(Int128), typeof(Half),
    ];

    public static bool IsSimple(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsPrimitive || type.IsEnum || Simple.Contains(type);
    }

    /// <summary>Readable properties and public fields in the order of their declaration; of a simple type one column <c>value</c>.</summary>
    public static IReadOnlyList<(string Name, Type Type, Func<object, object?> Value)> Of(Type type)
    {
        if (IsSimple(type)) return [("value", type, v => v)];
        var found = new List<(string, Type, Func<object, object?>)>();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            if (property.CanRead && property.GetIndexParameters().Length == 0 && !property.PropertyType.IsByRefLike) found.Add((property.Name, property.PropertyType, property.GetValue));
        foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Instance)) found.Add((field.Name, field.FieldType, field.GetValue));
        return found;
    }
}
