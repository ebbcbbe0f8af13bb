using System.Collections;
using FlowForge.Columnar;
using FlowForge.Notebooks.Kernel.Sql;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>Rows of a query, read anew from the engine by each enumeration, in bounded memory.</summary>
public sealed class ResultRows : IEnumerable<ResultRow>
{
    private readonly SqlEngine _sql;
    private readonly string _query;
    private readonly NotebookContext _context;

    internal ResultRows(SqlEngine sql, string query, NotebookContext context)
    {
        _sql = sql;
        _query = query;
        _context = context;
    }

    /// <summary>The SELECT behind it.</summary>
    internal string Query => _query;

    /// <summary>The rows as Arrow batches. Each belongs to who takes it: dispose it.</summary>
    public IEnumerable<RecordBatch> Batches()
    {
        using var query = _sql.Open(_query, _context.Interrupted);
        foreach (var batch in query.Reader) yield return batch;
    }

    /// <summary>The rows as objects: columns go to the constructor's parameters, or to settable properties, of the same name (case does not matter).</summary>
    public IEnumerable<T> As<T>() => RowMapper.Map<T>(this);

    public IEnumerator<ResultRow> GetEnumerator()
    {
        RowColumns? columns = null;
        foreach (var batch in Batches())
        {
            using (batch)
            {
                columns ??= new RowColumns([.. batch.Schema.FieldsList.Select(f => f.Name)]);
                for (var r = 0; r < batch.Length; r++)
                {
                    var values = new object?[batch.ColumnCount];
                    for (var c = 0; c < values.Length; c++) values[c] = batch.Column(c).GetObject(r);
                    yield return new ResultRow(columns, values);
                }
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Columns and the first rows, without reading the others.</summary>
    internal (IReadOnlyList<TableColumn> Columns, List<object?[]> Rows, bool IsAll) First(int count)
    {
        using var query = _sql.Open(_query, _context.Interrupted);
        var columns = query.Reader.Schema.FieldsList.Select(f => new TableColumn(f.Name, f.DataType.Name)).ToArray();
        var rows = new List<object?[]>();
        foreach (var batch in query.Reader)
        {
            using (batch)
            {
                for (var r = 0; r < batch.Length; r++)
                {
                    if (rows.Count == count) return (columns, rows, false);
                    var row = r;
                    rows.Add([.. Enumerable.Range(0, batch.ColumnCount).Select(c => batch.Column(c).GetObject(row))]);
                }
            }
        }
        return (columns, rows, true);
    }
}
