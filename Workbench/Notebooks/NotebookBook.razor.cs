using FlowForge.Contracts;
using FlowForge.Workbench.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace FlowForge.Workbench.Notebooks;

/// <summary>An open notebook, made anew for each file. The browser holds the editors and hears keys at once; this side holds the cells, saves them and follows the kernel.</summary>
public sealed partial class NotebookBook
{
    /// <summary>The notebook's path. It never changes: see <see cref="NotebookPage"/>.</summary>
    [Parameter, EditorRequired] public string File { get; set; } = "";

    private readonly BookModel _book = new();
    private readonly CancellationTokenSource _life = new();
    private CancellationTokenSource _following = new();
    private bool _loaded, _copied;
    private Exception? _error;
    private NotebookKernel? _kernel;
    private string? _selected;
    private Dialog? _restart;
    private PromoteDialog? _promote;
    private PromoteBookDialog? _promoteBook;

    private string Title => File.Split('/')[^1] is var name && name.EndsWith(".ipynb", StringComparison.Ordinal) ? name[..^6] : File.Split('/')[^1];

    private IEnumerable<string> Folders => File.Split('/')[..^1];

    private bool Working => _kernel?.State == NotebookKernelState.Busy || _book.Cells.Exists(c => c.State is NotebookCellState.Queued or NotebookCellState.Running);

    private int Pending => _book.Cells.Count(c => c.Stale || (c.IsCode && c.State is NotebookCellState.Idle && !string.IsNullOrWhiteSpace(c.Source)));

    private string KernelWord => _kernel?.State switch
    {
        null or NotebookKernelState.None => "no kernel",
        NotebookKernelState.Busy => "kernel · busy",
        NotebookKernelState.Restarting => "kernel · restarting",
        NotebookKernelState.Starting => "kernel · starting",
        _ => "kernel · idle",
    };

    private string KernelTone => _kernel?.State switch { NotebookKernelState.Idle => "good", NotebookKernelState.Busy => "busy", NotebookKernelState.Restarting or NotebookKernelState.Starting => "warn", _ => "idle" };

    protected override Task OnInitializedAsync() => RendererInfo.IsInteractive ? LoadAsync() : Task.CompletedTask;

    private async Task LoadAsync()
    {
        await _following.CancelAsync();
        _following = CancellationTokenSource.CreateLinkedTokenSource(_life.Token);
        _error = null;
        if (_loaded)
        {
            // The runtime was away: what was typed goes first, and while it cannot be saved these cells stay.
            await SaveNowAsync();
            if (_changed)
            {
                _ = FollowAsync(_following.Token);
                return;
            }
        }
        (_loaded, _conflict, _changed, _refused, _moved, _saveError) = (false, false, false, false, null, null);
        try
        {
            var notebook = await Api.NotebookAsync(File, _life.Token);
            Take(notebook);
            _loaded = true;
            StateHasChanged();
            _ = FollowAsync(_following.Token);
            _ = WarmAsync();
        }
        catch (FlowForgeApiException e)
        {
            _error = e;
        }
    }

    private void Take(NotebookDetail notebook)
    {
        _book.Load(notebook.Cells);
        (_revision, _automatic, _kernel) = (notebook.Revision, notebook.Automatic, notebook.Kernel);
        if (_book.Find(_selected) is null) _selected = _book.Cells.FirstOrDefault()?.Id;
    }

    /// <summary>A kernel stands ready before the first cell is run, and says what depends on what.</summary>
    private async Task WarmAsync()
    {
        try
        {
            await Api.StartKernelAsync(File, _life.Token);
            await AnalyzeSoonAsync();
        }
        catch (Exception e) when (e is FlowForgeApiException or OperationCanceledException)
        {
            // The first run says what is wrong.
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!_loaded || _error is not null)
        {
            // The cells are not drawn, and when they are again they are other elements.
            if (_script is not null && !_opening) await LeaveScriptsAsync();
            return;
        }
        if (_script is not null) return;
        await OpenScriptAsync();
        // Not by a second call while the first one still fetches the script: what is dropped goes below the cell that has the focus, which the script tells.
        if (_script is not null) await WatchFilesAsync();
    }

    private Task LeaveScriptsAsync() => Task.WhenAll(CloseScriptAsync(), LeaveFilesAsync());

    public async ValueTask DisposeAsync()
    {
        // The last letters are still in the browser.
        await FlushAsync();
        await SaveLastAsync();
        await _life.CancelAsync();
        await LeaveScriptsAsync();
        _following.Dispose();
        _life.Dispose();
    }
}
