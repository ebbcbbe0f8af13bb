using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using FlowForge.Plugins;

namespace FlowForge.TestSource;

public sealed record TablesSpec
{
    [Setting("Folder with one file a table", Scope = SettingScope.Connection)]
    public string Folder { get; init; } = "tables";

    [Setting("Give all rows whatever the watermark")]
    public bool Lax { get; init; }
}

/// <summary>A database of sorts: each file <c>tables/NAME.csv</c> is a table; the header says <c>name:type</c>. An empty value is NULL.</summary>
[Connector("test_tables")]
public sealed class Tables(ConnectorContext<TablesSpec> context) : IReaderSource, IDiscover
{
    private string Folder => Path.Combine(context.BaseDirectory, context.Settings.Folder);

    public ValueTask<DbDataReader> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        File.AppendAllText(Path.Combine(context.BaseDirectory, "reads.txt"), $"{request.Table} {request.From?.Column} {request.From?.Value} {request.From?.IncludeNulls}\n");
        var path = Path.Combine(Folder, request.Table + ".csv");
        if (!File.Exists(path)) throw new TerminalException($"There is no table {request.Table}.", "Choose another one.");
        var lines = File.ReadAllLines(path);
        if (lines[0].StartsWith('!')) throw new InvalidOperationException(lines[0][1..]);
        var table = new DataTable();
        foreach (var column in lines[0].Split(',')) table.Columns.Add(column.Split(':')[0], TypeOf(column.Split(':')[1]));
        foreach (var line in lines.Skip(1))
        {
            var values = line.Split(',').Select((v, i) => v.Length == 0 ? DBNull.Value : Value(v, table.Columns[i].DataType)).ToArray();
            if (Wanted(request.From, table, values)) table.Rows.Add(values);
        }
        return new(table.CreateDataReader());
    }

    private bool Wanted(Watermark? from, DataTable table, object[] values)
    {
        if (context.Settings.Lax || from?.Value is not { } bound) return true;
        var column = table.Columns[from.Column] ?? throw new TerminalException($"There is no column {from.Column}.");
        return values[column.Ordinal] is DBNull ? from.IncludeNulls : values[column.Ordinal] is string text ? string.CompareOrdinal(text, bound) >= 0 : ((IComparable)values[column.Ordinal]).CompareTo(Value(bound, column.DataType)) >= 0;
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var file in Directory.EnumerateFiles(Folder, "*.csv").Order(StringComparer.Ordinal)) yield return new DiscoveredTable(Path.GetFileNameWithoutExtension(file));
    }

    private static Type TypeOf(string name) => name switch
    {
        "long" => typeof(long),
        "double" => typeof(double),
        "decimal" => typeof(decimal),
        "time" => typeof(DateTime),
        "instant" => typeof(DateTimeOffset),
        "object" => typeof(object),
        _ => typeof(string),
    };

    private static object Value(string text, Type type) => type == typeof(object)
        ? long.TryParse(text, CultureInfo.InvariantCulture, out var whole) ? whole : double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : text
        : type == typeof(DateTimeOffset) ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture)
        : Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
}
