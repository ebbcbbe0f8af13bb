using System.Globalization;
using System.Reflection;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>Makes typed objects of rows.</summary>
internal static class RowMapper
{
    public static IEnumerable<T> Map<T>(IEnumerable<ResultRow> rows)
    {
        var type = typeof(T);
        if (Sql.Members.IsSimple(type)) return rows.Select(r => (T)Converted(r[0], type)!);
        var constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).FirstOrDefault();
        var parameters = constructor?.GetParameters() ?? [];
        var settable = type.GetProperties().Where(p => p.SetMethod?.IsPublic == true && !parameters.Any(a => Same(a.Name, p.Name))).ToArray();
        return rows.Select(row =>
        {
            var arguments = parameters.Select(p => Converted(row[p.Name!], p.ParameterType)).ToArray();
            var made = constructor is null ? Activator.CreateInstance(type)! : constructor.Invoke(arguments);
            foreach (var property in settable)
                if (row.Columns.Any(c => Same(c, property.Name))) property.SetValue(made, Converted(row[property.Name], property.PropertyType));
            return (T)made;
        });
    }

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static object? Converted(object? value, Type target)
    {
        var type = Nullable.GetUnderlyingType(target) ?? target;
        if (value is null) return target.IsValueType && type == target ? throw new InvalidCastException($"NULL does not fit {type.Name}; make it nullable.") : null;
        if (type.IsInstanceOfType(value)) return value;
        if (type == typeof(string)) return Convert.ToString(value, CultureInfo.InvariantCulture);
        if (type.IsEnum) return Enum.Parse(type, Convert.ToString(value, CultureInfo.InvariantCulture)!, ignoreCase: true);
        return Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
    }
}
