using FlowForge.Columnar;
using FlowForge.Duck.In;

namespace FlowForge.Duck;

public sealed partial class DuckSession
{
    private volatile CallScope? _running;

    internal void Begin(CallScope call) => _running = call;

    internal void End(CallScope call)
    {
        if (ReferenceEquals(_running, call)) _running = null;
    }

    /// <summary>Cancelled when the running statement is.</summary>
    internal CancellationToken RunningToken => _running?.SourceToken ?? default;

    /// <summary>
    /// Makes managed batches readable as a view and a table function of this name, in this session only; a name in use is replaced.
    /// </summary>
    /// <param name="name">Any name; also of a table, which it then hides.</param>
    /// <param name="schema">Columns; every batch must have these types in this order.</param>
    /// <param name="open">
    /// Called once for each scan, on a thread of DuckDB's; then pulled batch by batch, one pull at a time, and disposed at the end or when
    /// the statement ends early. The batches belong to DuckDB from then on, which disposes each. It must not use this session.
    /// An exception ends the statement with a <see cref="DuckException"/> whose inner exception it is.
    /// </param>
    public void RegisterSource(string name, Schema schema, Func<IEnumerable<RecordBatch>> open) =>
        Register(name, new ManagedSource("Source", name, schema, _ => open().GetEnumerator(), this));

    /// <summary>As above, with a token that is cancelled when the statement is: sources that wait should honour it.</summary>
    /// <param name="name">As above.</param>
    /// <param name="schema">As above.</param>
    /// <param name="open">As above.</param>
    /// <param name="gathers">True for very many small batches that come fast: up to 2,048 rows of them are handed on together, for what DuckDB does with each hand-over costs more than a few rows.</param>
    public void RegisterSource(string name, Schema schema, Func<CancellationToken, IEnumerable<RecordBatch>> open, bool gathers = false) =>
        Register(name, new ManagedSource("Source", name, schema, ct => open(ct).GetEnumerator(), this) { Gathers = gathers });

    /// <summary>As above, for asynchronous sources; DuckDB's thread waits for each batch.</summary>
    public void RegisterSource(string name, Schema schema, Func<CancellationToken, IAsyncEnumerable<RecordBatch>> open) =>
        Register(name, new ManagedSource("Source", name, schema, ct => new BlockingEnumerator(open(ct), ct), this));

    /// <summary>Removes what <see cref="RegisterSource(string, Schema, Func{IEnumerable{RecordBatch}})"/> made.</summary>
    public void UnregisterSource(string name)
    {
        Execute($"DROP VIEW IF EXISTS temp.{SqlText.Identifier(name)}; DROP MACRO TABLE IF EXISTS temp.{SqlText.Identifier(name)}");
        if (Database.Sources.Find(this, name) is not { } source) return;
        Database.Sources.Remove(source.Id);
        _sources.Remove(source.Id);
    }

    private void Register(string name, ManagedSource source)
    {
        var before = Database.Sources.Find(this, name);
        Database.Sources.Add(source);
        _sources.Add(source.Id);
        var quoted = SqlText.Identifier(name);
        try
        {
            Execute($"CREATE OR REPLACE TEMP VIEW {quoted} AS FROM {SourceFunction.Name}({source.Id}); CREATE OR REPLACE TEMP MACRO {quoted}() AS TABLE FROM {SourceFunction.Name}({source.Id})");
        }
        catch
        {
            Database.Sources.Remove(source.Id);
            _sources.Remove(source.Id);
            throw;
        }
        if (before is null) return;
        Database.Sources.Remove(before.Id);
        _sources.Remove(before.Id);
    }
}
