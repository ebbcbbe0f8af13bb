using System.Collections.Concurrent;
using System.Globalization;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Notebooks.Kernel.Hosting;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>
/// The views behind the names that a cell may read: lake tables at a version, results of SQL cells, collections of C#. A view is never changed
/// once made, so what an earlier cell was computed from stays what it was; a name only moves on to a newer view. Table versions read are held against vacuum until the end. Not thread-safe.
/// </summary>
internal sealed class NamedViews : IDisposable
{
    private const string CollectionFunction = "__flowforge_collection";
    private readonly LakeStore _lake;
    private readonly DuckSession _session;
    private readonly HashSet<string> _made = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _results = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<long, CollectionRows> _collections = [];
    private readonly List<IDisposable> _leases = [];
    private readonly ConcurrentDictionary<TableName, long> _pins = [];
    private long _last;

    /// <param name="session">Used for making views, always when no reader is open.</param>
    public NamedViews(LakeStore lake, DuckSession session)
    {
        _lake = lake;
        _session = session;
        session.RegisterTable(CollectionFunction, [Int64Type.Default], args => _collections[(long)args[0]!].Open());
        foreach (var layer in Enum.GetValues<Layer>()) session.Execute($"CREATE SCHEMA {new TableName(layer, "x").LayerName}");
    }

    /// <summary>From now on a table without a version in the SQL is read at this one.</summary>
    public void Pin(TableName name, long version) => _pins[name] = version;

    /// <summary>A view of a lake table; null when the lake has no such table.</summary>
    public (string View, string Label)? Table(TableName name, TableSnapshot? snapshot = null)
    {
        snapshot ??= _pins.TryGetValue(name, out var pinned) ? _lake.Table(name).At(pinned) : _lake.Table(name).Latest();
        if (snapshot is null) return null;
        var label = string.Create(CultureInfo.InvariantCulture, $"{name}@{snapshot.Version}");
        var view = SqlText.QualifiedName(name.LayerName, string.Create(CultureInfo.InvariantCulture, $"{name.Name}@{snapshot.Version}#{snapshot.TableId}"));
        if (_made.Contains(view)) return (view, label);
        // Held before its files are looked at, and as long as the kernel lives: later cells and pages read this version again.
        _leases.Add(_lake.Table(name).Hold(snapshot));
        _session.Execute($"CREATE VIEW {view} AS FROM {snapshot.ScanSql()}");
        _made.Add(view);
        return (view, label);
    }

    /// <summary>A table at the version or time that the SQL expression gives.</summary>
    public (string View, string Label) TableAt(TableName name, string unit, string expression)
    {
        var table = _lake.Table(name);
        var latest = table.Latest() ?? throw new CellFailure("Catalog Error", $"The lake has no table {name}.");
        TableSnapshot? snapshot;
        string wanted;
        if (string.Equals(unit, "VERSION", StringComparison.OrdinalIgnoreCase))
        {
            var version = _session.Scalar<long>($"SELECT CAST(({expression}) AS BIGINT)");
            wanted = string.Create(CultureInfo.InvariantCulture, $"version {version}");
            snapshot = table.At(version);
        }
        else
        {
            var time = _session.Scalar<DateTime>($"SELECT CAST(({expression}) AS TIMESTAMPTZ)");
            wanted = string.Create(CultureInfo.InvariantCulture, $"version at {time:yyyy-MM-dd HH:mm:ss} UTC");
            snapshot = table.At(new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)));
        }
        if (snapshot is null) throw new CellFailure("Catalog Error", $"Table {name} has no {wanted}; the newest is version {latest.Version}.");
        return Table(name, snapshot)!.Value;
    }

    /// <summary>Names of results.</summary>
    public IReadOnlyList<string> ResultNames => [.. _results.Keys];

    /// <summary>The view of a named result, or null.</summary>
    public string? Result(string name) => _results.GetValueOrDefault(name);

    /// <summary>A view of a cell's query, also reachable by the name from now on.</summary>
    public string AddResult(string? name, string sql)
    {
        var view = SqlText.Identifier(string.Create(CultureInfo.InvariantCulture, $"{name ?? "cell"}#{++_last}"));
        _session.Execute($"CREATE VIEW {view} AS {sql}");
        if (name is not null) _results[name] = view;
        return view;
    }

    /// <summary>A view of a C# collection as it is each time it is read.</summary>
    public string Collection(string name, CollectionRows rows)
    {
        var known = _collections.FirstOrDefault(c => c.Value.IsOver(rows));
        if (known.Value is not null) return View(name, known.Key);
        _collections[++_last] = rows;
        var view = View(name, _last);
        _session.Execute(string.Create(CultureInfo.InvariantCulture, $"CREATE VIEW {view} AS FROM {CollectionFunction}({_last})"));
        return view;

        static string View(string name, long id) => SqlText.Identifier(string.Create(CultureInfo.InvariantCulture, $"{name}#c{id}"));
    }

    /// <summary>Gives the names that a text of any statements seems to mention plain views, as far as nothing else has these names.</summary>
    public List<string> MakePlain(string sql)
    {
        var labels = new List<string>();
        foreach (var (schema, table) in SqlNames.Qualified(sql))
        {
            if (!TableName.TryParse($"{schema}.{table}", out var name) || Table(name) is not { } found) continue;
            _session.Execute($"CREATE OR REPLACE VIEW {SqlText.QualifiedName(name.LayerName, name.Name)} AS FROM {found.View}");
            labels.Add(found.Label);
        }
        foreach (var word in SqlNames.Words(sql))
            if (Result(word) is { } view) _session.Execute($"CREATE OR REPLACE VIEW {SqlText.Identifier(word)} AS FROM {view}");
        return labels;
    }

    public void Dispose()
    {
        foreach (var lease in _leases) lease.Dispose();
    }
}
