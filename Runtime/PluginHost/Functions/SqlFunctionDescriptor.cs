using System.Reflection;
using System.Text.RegularExpressions;
using FlowForge.Columnar;
using FlowForge.PluginHost.Rows;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Functions;

/// <summary>A function that a plugin gives to SQL: scalar, or a table. Immutable; callable while a <see cref="SqlFunctionLease"/> holds its plugin.</summary>
public sealed partial class SqlFunctionDescriptor
{
    private readonly Func<IReadOnlyList<IArrowArray>, IArrowArray>? _scalar;
    private readonly TableFunction? _table;

    /// <exception cref="PluginException">The method cannot be a function; the message says why.</exception>
    internal SqlFunctionDescriptor(MethodInfo method, LoadedPlugin plugin)
    {
        Plugin = plugin;
        var attribute = method.GetCustomAttribute<SqlFunctionAttribute>()!;
        (Name, Description, IsVolatile) = (attribute.Name, attribute.Description ?? "", attribute.IsVolatile);
        var place = $"{method.DeclaringType!.FullName}.{method.Name}";
        if (!NamePattern().IsMatch(Name)) throw new PluginException($"{place}: '{Name}' cannot be the name of a function. Use lower case letters, digits and _.");
        if (!method.IsStatic || !method.IsPublic || method.ContainsGenericParameters) throw new PluginException($"{place} carries [SqlFunction] and must be a public static method without type parameters.");
        Version = method.Module.Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
        Code = method.Module.ModuleVersionId;
        ParameterNames = [.. method.GetParameters().Select(p => p.Name!)];
        if (TableFunction.RecordType(method) is { } record)
        {
            _table = TableFunction.Create(record, method, place);
            Parameters = _table.Parameters;
            return;
        }
        if (method.GetParameters().Length == 0) throw new PluginException($"{place}: a function over rows needs at least one parameter.");
        (Parameters, Result, _scalar) = ColumnFunction.Is(method) ? ColumnFunction.Of(method, place) : ValueFunction.Of(method, place);
    }

    public string Name { get; }
    public string Description { get; }
    public bool IsVolatile { get; }

    /// <summary>Version of the plugin's assembly.</summary>
    public string Version { get; }

    /// <summary>Another value whenever the plugin's code is another.</summary>
    public Guid Code { get; }

    public IReadOnlyList<IArrowType> Parameters { get; }
    public IReadOnlyList<string> ParameterNames { get; }

    /// <summary>Null for a table function.</summary>
    public IArrowType? Result { get; }

    /// <summary>Of a table function.</summary>
    public IReadOnlyList<Field> Columns => _table?.Schema.FieldsList ?? [];

    public bool IsTable => _table is not null;

    /// <summary>Name of the plugin's folder.</summary>
    public string PluginName => Plugin.Name;

    internal LoadedPlugin Plugin { get; }

    /// <summary>True when the SQL may call it.</summary>
    public bool IsCalledIn(string sql) => Regex.IsMatch(sql, $@"(?<![\w""]){Regex.Escape(Name)}""?\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    /// <summary>Values for the rows of the arguments; the caller owns them. Thread-safe.</summary>
    /// <exception cref="SqlFunctionException">The plugin's code failed.</exception>
    public IArrowArray Invoke(IReadOnlyList<IArrowArray> arguments)
    {
        try
        {
            return _scalar!(arguments);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new SqlFunctionException(this, e);
        }
    }

    /// <summary>Columns and rows of a table function. Arguments are long, double, bool, string or null.</summary>
    public (Schema Schema, Func<CancellationToken, IEnumerable<RecordBatch>> Open) Table(object?[] arguments) => (_table!.Schema, ct => Guarded(arguments, ct));

    private IEnumerable<RecordBatch> Guarded(object?[] arguments, CancellationToken ct)
    {
        using var batches = _table!.Rows(arguments, ct).GetEnumerator();
        while (true)
        {
            try
            {
                if (!batches.MoveNext()) yield break;
            }
            catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
            {
                throw new SqlFunctionException(this, e);
            }
            yield return batches.Current;
        }
    }

    [GeneratedRegex("^[a-z_][a-z0-9_]{0,62}$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}

/// <summary>The code of a plugin's function failed.</summary>
public sealed class SqlFunctionException(SqlFunctionDescriptor function, Exception inner)
    : Exception($"{function.Name} (plugin {function.PluginName} {function.Version}): {inner.Message}", inner)
{
    public SqlFunctionDescriptor Function { get; } = function;
}

/// <summary>Holds the plugins of functions in memory. Dispose it when no statement can call them any more.</summary>
public sealed class SqlFunctionLease : IDisposable
{
    private IReadOnlyList<SqlFunctionDescriptor> _held = [];

    /// <summary>Holds nothing.</summary>
    public SqlFunctionLease() { }

    internal SqlFunctionLease(IReadOnlyList<SqlFunctionDescriptor> functions)
    {
        _held = functions;
        foreach (var function in functions) function.Plugin.TryUse();
    }

    public IReadOnlyList<SqlFunctionDescriptor> Functions => _held;

    public void Dispose()
    {
        foreach (var function in Interlocked.Exchange(ref _held, [])) function.Plugin.EndUse();
    }
}
