using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;
using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Notebooks.Sessions.Live;

namespace FlowForge.Api.Notebooks;

/// <summary>Puts notebooks together from files and kernels, and says what is wrong with a path. Thread-safe.</summary>
internal sealed class NotebookViews(NotebookHost host)
{
    public IReadOnlyList<NotebookSummary> List(string? search)
    {
        // Who looks at the list will open one: its kernel may as well be warm.
        host.Pool.Prepare();
        return
        [
            .. host.Folder.List().Where(f => search is null || f.Path.Text.Contains(search, StringComparison.OrdinalIgnoreCase))
                .Select(f => new NotebookSummary(f.Path.Text, f.Path.Title, f.Cells, f.Modified, f.Bytes, Kernel(f.Path)))
        ];
    }

    public NotebookKernel Kernel(NotebookPath path) => host.Find(path) is { } live ? NotebookMapping.ToKernel(live.Kernel) : NotebookMapping.NoKernel(host.Pool.Options.MemoryLimitBytes);

    public async Task<NotebookDetail> DetailAsync(LiveNotebook live, CancellationToken ct)
    {
        host.Pool.Prepare();
        var (document, revision) = await ReadAsync(live, ct);
        var cells = live.Cells;
        return new NotebookDetail(live.Path.Text, live.Path.Title, revision, host.Folder.Modified(live.Path), document.Language, document.IsAutomatic,
            [.. document.Cells.Select(c => NotebookMapping.ToCell(c, cells.GetValueOrDefault(c.Id)))], NotebookMapping.ToKernel(live.Kernel));
    }

    public static async Task<(NotebookDocument Document, string Revision)> ReadAsync(LiveNotebook live, CancellationToken ct)
    {
        try
        {
            return await live.ReadAsync(ct);
        }
        catch (FormatException e)
        {
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "FF6003", "Not a notebook", $"{live.Path} cannot be opened. {e.Message}", "Mend the file with a text editor, or delete it.");
        }
        catch (FileNotFoundException)
        {
            throw Unknown(live.Path.Text);
        }
    }

    /// <summary>The live side of a notebook that exists.</summary>
    public LiveNotebook Open(string path)
    {
        var parsed = Parse(path);
        try
        {
            return host.Folder.Exists(parsed) ? host.Open(parsed) : throw Unknown(parsed.Text);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Linked(e);
        }
    }

    /// <summary>A slash in a path's segment stays written as %2F by the router.</summary>
    public static NotebookPath Parse(string path) => NotebookPath.TryParse(path.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), out var parsed) is { } problem
        ? throw ProblemException.Bad("FF6001", problem, "Write it like analysis/revenue.") : parsed;

    /// <summary>A path for a new notebook.</summary>
    public NotebookPath Free(string path, bool unique)
    {
        var parsed = Parse(path);
        try
        {
            if (!host.Folder.Exists(parsed)) return parsed;
        }
        catch (UnauthorizedAccessException e)
        {
            throw Linked(e);
        }
        return unique ? host.Folder.Free(parsed)
            : throw new ProblemException(StatusCodes.Status409Conflict, "FF6004", "Name is taken", $"There is a notebook {parsed} already.", "Choose another name.");
    }

    /// <summary>Cells that a kernel runs, as an editor has them or as they are in the file.</summary>
    public static async Task<IReadOnlyList<CellText>> TextsAsync(LiveNotebook live, IReadOnlyList<NotebookCellText>? cells, CancellationToken ct)
    {
        if (cells is not null)
        {
            if (cells.GroupBy(c => c.Id).FirstOrDefault(g => g.Count() > 1) is { } twice) throw ProblemException.Bad("FF6005", $"Two cells have the id {twice.Key}.");
            return [.. cells.Select(c => NotebookMapping.ToText(c.Id, NotebookMapping.ToKind(c.Kind), c.Source, c.ResultName)).OfType<CellText>()];
        }
        var (document, _) = await ReadAsync(live, ct);
        return [.. document.Cells.Select(c => NotebookMapping.ToText(c.Id, c.Kind, c.Source, c.ResultName)).OfType<CellText>()];
    }

    public static ProblemException Unknown(string path) => ProblemException.NotFound("FF6000", $"There is no notebook '{path}'.", "GET /api/v1/notebooks lists them.");

    public static ProblemException OfKernel(KernelException e) => new(StatusCodes.Status409Conflict, "FF6020", "Kernel", e.Message);

    private static ProblemException Linked(UnauthorizedAccessException e) => new(StatusCodes.Status403Forbidden, "FF6002", "Not allowed", e.Message);
}
