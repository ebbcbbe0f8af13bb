using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.PluginHost;
using FlowForge.PluginHost.Functions;

namespace FlowForge.Datasets;

/// <summary>The functions of plugins that some SQL calls: held in memory, and registered in its engine.</summary>
internal static class PluginFunctions
{
    private static readonly SqlFunctionLease None = new();

    /// <summary>Those that the SQL may call. The caller disposes them after the engine.</summary>
    /// <exception cref="JobFailedException">Two plugins give a function of one name.</exception>
    public static SqlFunctionLease Hold(PluginRegistry? plugins, string sql)
    {
        try
        {
            return plugins?.UseFunctions(sql) ?? None;
        }
        catch (PluginException e)
        {
            throw new JobFailedException("FF3233", e.Message, inner: e);
        }
    }

    /// <summary>Makes them known to an engine.</summary>
    /// <exception cref="JobFailedException">DuckDB has a function of that name.</exception>
    public static void Register(DuckSession session, IReadOnlyList<SqlFunctionDescriptor> functions)
    {
        foreach (var function in functions)
        {
            if (session.Scalar<long>($"SELECT count(*) FROM duckdb_functions() WHERE function_name = {SqlText.Literal(function.Name)}") > 0)
                throw new JobFailedException("FF3233", $"The plugin {function.PluginName} gives a function '{function.Name}', and DuckDB has one of that name.", "Rename the plugin's function, or remove the plugin.");
            if (function.IsTable)
                session.RegisterTable(function.Name, function.Parameters, arguments => function.Table(arguments) is var (schema, open) ? new TableFunctionResult(schema, open) : null!);
            else
                session.RegisterScalar(function.Name, function.Parameters, function.Result!, function.Invoke, function.IsVolatile);
        }
    }
}
