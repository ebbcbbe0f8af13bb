using System.Text.Json;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;

namespace FlowForge.Notebooks.Tests;

/// <summary>All that a cell gave, in a form that tests can compare.</summary>
public sealed class CellRun
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private CellRun(List<KernelNotification> all) => All = all;

    public List<KernelNotification> All { get; }

    public CellState State => ((CellFinishedNotification)All[^1]).State;
    public CellFailedNotification? Error => All.OfType<CellFailedNotification>().SingleOrDefault();
    public string Text => string.Concat(All.OfType<TextNotification>().Select(t => t.Text));
    public string? Result => All.OfType<DisplayNotification>().SingleOrDefault(d => d.IsResult)?.Content["text/plain"];
    public TableNotification Table => All.OfType<TableNotification>().Single();
    public RowsNotification FirstRows => All.OfType<RowsNotification>().Single();

    /// <summary>Rows, one a line.</summary>
    public string Rows => Show(FirstRows.Rows);

    public static string Show(IEnumerable<JsonElement> rows) => string.Join("\n", rows.Select(r => r.GetRawText()));

    public static Task<CellRun> Sql(NotebookSession session, string code, string? name = null) => Run(session, CellLanguage.Sql, code, name);

    public static Task<CellRun> CSharp(NotebookSession session, string code) => Run(session, CellLanguage.CSharp, code);

    /// <param name="onWord">Called with each notification as it comes.</param>
    public static async Task<CellRun> Run(NotebookSession session, CellLanguage language, string code, string? name = null, Action<KernelNotification>? onWord = null)
    {
        var all = new List<KernelNotification>();
        await Task.Run(async () =>
        {
            await foreach (var word in session.ExecuteAsync("c1", language, code, name))
            {
                all.Add(word);
                onWord?.Invoke(word);
            }
        }).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.IsType<CellFinishedNotification>(all[^1]);
        return new CellRun(all);
    }
}
