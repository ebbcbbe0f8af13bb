using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>What a table function's arguments stand for.</summary>
internal sealed class Binding
{
    private readonly Func<object?[], DuckSession?, ManagedSource> _resolve;
    private readonly DuckDatabase? _database;

    public Binding(Func<object?[], ManagedSource> resolve, SourceRegistry faults)
    {
        _resolve = (args, _) => resolve(args);
        Faults = faults;
    }

    /// <summary>For functions that any session may call: the one that does is found by its connection.</summary>
    public Binding(Func<object?[], DuckSession?, ManagedSource> resolve, DuckDatabase database)
    {
        _resolve = resolve;
        _database = database;
        Faults = database.Sources;
    }

    public SourceRegistry Faults { get; }

    public ManagedSource Resolve(nint info, object?[] args) => _resolve(args, _database is null ? null : Caller(info, _database));

    private static DuckSession? Caller(nint info, DuckDatabase database)
    {
        Api.BindClientContext(info, out var context);
        try
        {
            return database.FindSession(Api.ConnectionId(context));
        }
        finally
        {
            Api.DestroyClientContext(ref context);
        }
    }
}
