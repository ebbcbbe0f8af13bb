using FlowForge.Api.Events;
using FlowForge.Api.Notebooks;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;
using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Notebooks.Sessions.Live;
using FlowForge.Notebooks.Sessions.Headless;
using NotebookCellKind = FlowForge.Notebooks.Sessions.Documents.NotebookCellKind;
using NotebookParameter = FlowForge.Contracts.NotebookParameter;

namespace FlowForge.Api.Endpoints;

/// <summary>Notebook files and the live stream of what happens to one. Paths have their slashes written as %2F.</summary>
internal static class NotebookEndpoints
{
    /// <summary>Notebooks are larger than the bodies of other calls.</summary>
    private const long MostBodyBytes = 32L << 20;

    public static void MapNotebooks(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/notebooks").WithTags("Notebooks");
        group.MapGet("/", (NotebookViews views, string? search) => views.List(Paging.Text(search))).WithSummary("Notebooks by path, with their kernels.");
        group.MapPost("/", CreateAsync).WithSummary("A new notebook.").WithMetadata(Large);
        group.MapGet("/{path}", GetAsync).WithSummary("One notebook: cells with outputs, revision, kernel.");
        group.MapPut("/{path}", SaveAsync).WithSummary("Saves cells; 409 when the file changed since the revision named.").WithMetadata(Large);
        group.MapDelete("/{path}", DeleteAsync).WithSummary("Moves a notebook to the trash, where it stays 30 days, and ends its kernel.");
        group.MapPost("/{path}/rename", Rename).WithSummary("Gives a notebook another path; its kernel goes on.");
        group.MapPost("/{path}/duplicate", DuplicateAsync).WithSummary("A copy of the file.");
        group.MapGet("/{path}/export", ExportAsync).WithSummary("The notebook with its outputs as html or ipynb, or as a C# program (cs).");
        group.MapGet("/{path}/offer", OfferAsync).WithSummary("What the whole notebook offers to a pipeline: parameters and results.");
        group.MapPost("/{path}/promote-notebook", (NotebookViews views, NotebookPromotion promotion, string path, PromoteNotebook body) => promotion.Preview(views.Open(path).Path, body)).WithSummary("What a pipeline would be with the notebook as a dataset or a job; nothing is stored.");
        group.MapGet("/{path}/events", EventsAsync).WithSummary("What happens to a notebook: a snapshot, then changes (server-sent events).");
        group.MapKernels();
        var trash = api.MapGroup("/notebook-trash").WithTags("Notebooks");
        trash.MapGet("/", (NotebookHost host) => host.Folder.Trash().Select(t => new NotebookInTrash(t.Id, t.Path.Text, t.Deleted))).WithSummary("Deleted notebooks, the newest first.");
        trash.MapPost("/{id}/restore", Restore).WithSummary("Brings a notebook back, beside what has its name now.");
    }

    internal static Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute Large { get; } = new(MostBodyBytes);

    private static async Task<IResult> CreateAsync(NotebookViews views, NotebookHost host, CreateNotebook body, CancellationToken ct)
    {
        var path = views.Free(body.Path, body.Unique);
        var document = NotebookDocument.Create();
        if (body.Cells is { } cells) Apply(() => document.Apply([.. cells.Select(NotebookMapping.ToEdit)]));
        else document.Insert(NotebookCellKind.Sql).ResultName = "result_1";
        host.Folder.Write(path, document);
        return Results.Created($"/api/v1/notebooks/{Uri.EscapeDataString(path.Text)}", await views.DetailAsync(host.Open(path), ct));
    }

    private static Task<NotebookDetail> GetAsync(NotebookViews views, string path, CancellationToken ct) => views.DetailAsync(views.Open(path), ct);

    private static async Task<NotebookSaved> SaveAsync(NotebookViews views, string path, SaveNotebook body, CancellationToken ct)
    {
        var live = views.Open(path);
        try
        {
            return new NotebookSaved(await live.SaveAsync([.. body.Cells.Select(NotebookMapping.ToEdit)], body.Automatic, body.Revision, ct));
        }
        catch (NotebookConflictException e)
        {
            throw new ProblemException(StatusCodes.Status409Conflict, "FF6010", "Changed on disk", e.Message, "Load the file's version, or save over it.");
        }
        catch (FormatException e)
        {
            throw ProblemException.Bad("FF6005", e.Message);
        }
    }

    private static async Task<NotebookInTrash> DeleteAsync(NotebookViews views, NotebookHost host, string path)
    {
        var trashed = await host.DeleteAsync(views.Open(path).Path);
        return new NotebookInTrash(trashed.Id, trashed.Path.Text, trashed.Deleted);
    }

    private static NotebookPlace Rename(NotebookViews views, NotebookHost host, string path, NotebookTarget body)
    {
        var from = views.Open(path).Path;
        var to = views.Free(body.Path, unique: false);
        host.Move(from, to);
        return new NotebookPlace(to.Text);
    }

    private static async Task<NotebookPlace> DuplicateAsync(NotebookViews views, NotebookHost host, string path, NotebookTarget body, CancellationToken ct)
    {
        var (document, _) = await NotebookViews.ReadAsync(views.Open(path), ct);
        var to = views.Free(body.Path, unique: true);
        host.Folder.Write(to, document);
        return new NotebookPlace(to.Text);
    }

    private static async Task<IResult> ExportAsync(NotebookViews views, string path, string? format, CancellationToken ct)
    {
        var live = views.Open(path);
        switch (format)
        {
            case "ipynb":
                var (document, _) = await NotebookViews.ReadAsync(live, ct);
                return Results.Text(document.Write(), "application/x-ipynb+json");
            case "html" or null:
                return Results.Text(NotebookHtml.Write(await views.DetailAsync(live, ct)), "text/html");
            case "cs":
                return Results.Text(await ProgramAsync(live, ct), "text/x-csharp");
            default:
                throw ProblemException.Bad("FF6031", $"'{format}' is no format to export to.", "Choose html, ipynb or cs.");
        }
    }

    private static async Task<string> ProgramAsync(LiveNotebook live, CancellationToken ct)
    {
        var (document, _) = await NotebookViews.ReadAsync(live, ct);
        try
        {
            return await (await live.StartAsync(ct)).ProgramAsync(live.Path.Title, [.. document.Cells.Where(c => c.Kind is NotebookCellKind.Sql or NotebookCellKind.CSharp or NotebookCellKind.Markdown)
                .Select(c => new ProgramCell(c.Kind switch { NotebookCellKind.Sql => CellLanguage.Sql, NotebookCellKind.CSharp => CellLanguage.CSharp, _ => null }, c.Source, c.ResultName))], ct);
        }
        catch (KernelException e)
        {
            throw NotebookViews.OfKernel(e);
        }
    }

    private static async Task<NotebookOffer> OfferAsync(NotebookViews views, string path, CancellationToken ct)
    {
        var (document, _) = await NotebookViews.ReadAsync(views.Open(path), ct);
        return new NotebookOffer(
            [.. NotebookParameters.Of(document).Select(p => new NotebookParameter(p.Name, p.Kind is ParameterKind.Typed ? p.Type : p.Kind.ToString().ToLowerInvariant(), p.Default))],
            [.. document.Cells.Where(c => c.Kind == NotebookCellKind.Sql).Select(c => c.ResultName).OfType<string>().Where(n => n.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)]);
    }

    private static NotebookPlace Restore(NotebookHost host, string id)
    {
        try
        {
            return new NotebookPlace(host.Folder.Restore(id).Text);
        }
        catch (FileNotFoundException e)
        {
            throw ProblemException.NotFound("FF6006", e.Message, "GET /api/v1/notebook-trash lists what it has.");
        }
    }

    private static Task EventsAsync(HttpContext context, NotebookViews views, IHostApplicationLifetime lifetime, string path)
    {
        var live = views.Open(path);
        return EventEndpoints.StreamAsync(context, lifetime, async (writer, ct) =>
        {
            await foreach (var e in live.WatchAsync(ct))
            {
                var word = NotebookMapping.ToEvent(e);
                await writer.SendAsync(word.Type, word, ct);
            }
        });
    }

    private static void Apply(Action change)
    {
        try
        {
            change();
        }
        catch (FormatException e)
        {
            throw ProblemException.Bad("FF6005", e.Message);
        }
    }
}
