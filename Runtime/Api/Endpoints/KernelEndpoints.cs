using FlowForge.Api.Notebooks;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;
using FlowForge.Notebooks.Sessions.Live;

namespace FlowForge.Api.Endpoints;

/// <summary>A notebook's kernel: running cells, their results, and what an editor wants to know.</summary>
internal static class KernelEndpoints
{
    private const int LargestPage = 1000;
    private const int MostChartRows = 100_000;

    public static void MapKernels(this RouteGroupBuilder group)
    {
        var kernel = group.MapGroup("/{path}").AddEndpointFilter(async (context, next) =>
        {
            try
            {
                return await next(context);
            }
            catch (KernelException e)
            {
                throw NotebookViews.OfKernel(e);
            }
            catch (ObjectDisposedException)
            {
                throw NotebookViews.OfKernel(new KernelException("The notebook was closed meanwhile."));
            }
        });
        kernel.MapGet("/kernel", (NotebookViews views, string path) => NotebookMapping.ToKernel(views.Open(path).Kernel)).WithSummary("State and memory of the kernel.");
        kernel.MapPost("/kernel", (NotebookViews views, string path, CancellationToken ct) => DoAsync(views, path, live => live.StartAsync(ct))).WithSummary("Starts the kernel when there is none.");
        kernel.MapDelete("/kernel", (NotebookViews views, string path) => DoAsync(views, path, live => live.StopAsync())).WithSummary("Ends the kernel: variables and results are gone, outputs stay.");
        kernel.MapPost("/kernel/interrupt", (NotebookViews views, string path) => DoAsync(views, path, live => live.InterruptAsync())).WithSummary("Interrupts what runs and drops what waits.");
        kernel.MapPost("/kernel/restart", (NotebookViews views, string path, CancellationToken ct) => DoAsync(views, path, live => live.RestartAsync(ct))).WithSummary("A fresh kernel.");
        kernel.MapPost("/run", RunAsync).WithSummary("Queues cells; what they show comes as events.").WithMetadata(NotebookEndpoints.Large);
        kernel.MapPost("/analyze", AnalyzeAsync).WithSummary("What reads what, what is stale, what cannot be.").WithMetadata(NotebookEndpoints.Large);
        kernel.MapPost("/clear", ClearAsync).WithSummary("Takes outputs away.");
        kernel.MapGet("/results/{result}/rows", RowsAsync).WithSummary("A page of a result's rows, sorted and filtered by the kernel.");
        kernel.MapGet("/results/{result}/count", CountAsync).WithSummary("Counts a result's rows.");
        kernel.MapGet("/results/{result}/profile", ProfileAsync).WithSummary("Describes a result's columns over all its rows.");
        kernel.MapPost("/chart", ChartAsync).WithSummary("The values of a chart, column by column.");
        kernel.MapPost("/promote", PromoteAsync).WithSummary("What a pipeline would be with a cell's SQL as a dataset; nothing is stored.").WithMetadata(NotebookEndpoints.Large);
        kernel.MapPost("/complete", CompleteAsync).WithSummary("What may stand at a place of a cell.").WithMetadata(NotebookEndpoints.Large);
        kernel.MapPost("/diagnose", DiagnoseAsync).WithSummary("What is wrong with a cell's text.").WithMetadata(NotebookEndpoints.Large);
        kernel.MapPost("/hover", HoverAsync).WithSummary("What stands at a place of a C# cell.").WithMetadata(NotebookEndpoints.Large);
        kernel.MapPost("/signatures", SignaturesAsync).WithSummary("The call that a place of a C# cell is in.").WithMetadata(NotebookEndpoints.Large);
    }

    private static async Task<NotebookKernel> DoAsync(NotebookViews views, string path, Func<LiveNotebook, Task> act)
    {
        var live = views.Open(path);
        await act(live);
        return NotebookMapping.ToKernel(live.Kernel);
    }

    private static async Task<NotebookQueued> RunAsync(NotebookViews views, string path, RunNotebook body, CancellationToken ct)
    {
        var live = views.Open(path);
        var texts = await NotebookViews.TextsAsync(live, body.Cells, ct);
        if (body.Ids?.FirstOrDefault(id => !texts.Any(t => t.Id == id)) is { } unknown)
            throw ProblemException.Bad("FF6022", $"There is no SQL or C# cell {unknown} to run.");
        await live.AnalyzeAsync(texts, ct);
        return new NotebookQueued(body.Stale ? await live.RunStaleAsync(ct) : await live.RunAsync(body.Ids ?? [.. texts.Where(t => !string.IsNullOrWhiteSpace(t.Code)).Select(t => t.Id)], ct));
    }

    private static async Task<NotebookGraph> AnalyzeAsync(NotebookViews views, string path, AnalyzeNotebook body, CancellationToken ct)
    {
        var live = views.Open(path);
        var (graph, stale) = await live.AnalyzeAsync(await NotebookViews.TextsAsync(live, body.Cells, ct), ct);
        return NotebookMapping.ToGraph(graph, stale);
    }

    private static async Task<IResult> ClearAsync(NotebookViews views, string path, ClearOutputs body)
    {
        await views.Open(path).ClearAsync(body.Ids);
        return Results.NoContent();
    }

    private static async Task<NotebookRows> RowsAsync(NotebookViews views, string path, string result, long? offset, int? limit, string? sort, bool? desc, string? filter, CancellationToken ct)
    {
        var live = views.Open(path);
        if (offset is < 0) throw ProblemException.Bad("FF4074", $"offset is {offset}; it must be 0 or more.");
        var command = new RowsCommand(0, result, offset ?? 0, Paging.Limit(limit, 100, LargestPage), Paging.Text(sort), desc ?? false, ResultFilter.Sql(filter, live, result));
        var rows = await HeldAsync(live.Running.RowsAsync(command, ct), result);
        return new NotebookRows(NotebookMapping.ToRows(rows.Rows), rows.Offset, rows.Total);
    }

    private static async Task<NotebookCount> CountAsync(NotebookViews views, string path, string result, string? filter, CancellationToken ct)
    {
        var live = views.Open(path);
        return new NotebookCount(await HeldAsync(live.Running.CountAsync(result, ResultFilter.Sql(filter, live, result), ct), result));
    }

    private static async Task<NotebookProfile> ProfileAsync(NotebookViews views, string path, string result, CancellationToken ct)
    {
        var profile = await HeldAsync(views.Open(path).Running.ProfileAsync(result, ct), result);
        return new NotebookProfile(profile.Rows, [.. profile.Columns.Select(c => new NotebookColumnProfile(c.Name, c.Type, c.Nulls, c.Distinct, c.Min, c.Max, c.Mean, [.. c.Bars.Select(b => new NotebookBar(b.Label, b.To, b.Rows))]))]);
    }

    private static async Task<NotebookChartValues> ChartAsync(NotebookViews views, string path, NotebookChart body, CancellationToken ct)
    {
        var live = views.Open(path);
        var sql = ChartSql.Of(body);
        var values = await (await live.StartAsync(ct)).ColumnsAsync(sql, MostChartRows, ct);
        return new NotebookChartValues([.. values.Columns.Select(NotebookMapping.ToColumn)], values.Values, values.IsCut);
    }

    private static async Task<PromotionPreview> PromoteAsync(NotebookViews views, Promotion promotion, string path, PromoteCell body, CancellationToken ct)
    {
        var live = views.Open(path);
        var texts = await NotebookViews.TextsAsync(live, body.Cells, ct);
        var (graph, _) = await live.AnalyzeAsync(texts, ct);
        return promotion.Preview(body, texts, graph);
    }

    private static async Task<NotebookCompletions> CompleteAsync(NotebookViews views, string path, NotebookQuestion body, CancellationToken ct)
    {
        if (NotebookMapping.ToLanguage(body.Kind) is not { } language) return new NotebookCompletions(body.Position, 0, []);
        var found = await (await views.Open(path).StartAsync(ct)).CompleteAsync(Code(body), body.Position, language, ct);
        return new NotebookCompletions(found.Start, found.Length, [.. found.Items.Select(i => new NotebookCompletion(i.Text, i.Kind, i.Detail))]);
    }

    private static async Task<IReadOnlyList<NotebookFinding>> DiagnoseAsync(NotebookViews views, string path, NotebookQuestion body, CancellationToken ct)
    {
        if (NotebookMapping.ToLanguage(body.Kind) is not { } language) return [];
        var found = await (await views.Open(path).StartAsync(ct)).DiagnoseAsync(language, Code(body), ct);
        return [.. found.Select(f => new NotebookFinding((DiagnosticLevel)f.Level, f.Code, f.Message, f.Line, f.Column, f.EndLine, f.EndColumn))];
    }

    private static async Task<NotebookHover> HoverAsync(NotebookViews views, string path, NotebookQuestion body, CancellationToken ct)
    {
        if (NotebookMapping.ToLanguage(body.Kind) is not CellLanguage.CSharp) return new NotebookHover(null, 0, 0);
        var found = await (await views.Open(path).StartAsync(ct)).HoverAsync(Code(body), body.Position, ct);
        return new NotebookHover(found.Text, found.Start, found.Length);
    }

    private static async Task<NotebookSignatures> SignaturesAsync(NotebookViews views, string path, NotebookQuestion body, CancellationToken ct)
    {
        if (NotebookMapping.ToLanguage(body.Kind) is not CellLanguage.CSharp) return new NotebookSignatures([], 0, 0);
        var found = await (await views.Open(path).StartAsync(ct)).SignatureAsync(Code(body), body.Position, ct);
        return new NotebookSignatures([.. found.Signatures.Select(s => new NotebookSignature(s.Label, s.Parameters))], found.Active, found.ActiveParameter);
    }

    private static string Code(NotebookQuestion question) => question.Code.Length <= KernelProtocol.MaxCodeLength ? question.Code
        : throw ProblemException.Bad("FF6023", $"The cell has {question.Code.Length:N0} characters; {KernelProtocol.MaxCodeLength:N0} are the most.");

    /// <summary>A kernel that no longer holds a result says so in words; here it is a 404.</summary>
    private static async Task<T> HeldAsync<T>(Task<T> question, string result)
    {
        try
        {
            return await question;
        }
        catch (KernelException e) when (e.Message.Contains("no longer held", StringComparison.Ordinal))
        {
            throw ProblemException.NotFound("FF6021", $"No kernel holds the result {result} any more.", "Run its cell again.");
        }
    }
}
