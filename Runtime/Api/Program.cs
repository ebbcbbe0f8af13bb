using FlowForge.Api.Endpoints;
using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Lake;
using FlowForge.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults("runtime");
var settings = RuntimeSettings.Read(builder.Configuration);
builder.Services.AddRuntime(settings, builder.Configuration);
builder.Services.AddOpenApi("v1");
builder.Services.AddExceptionHandler<ProblemAnswers>();
builder.Services.AddProblemDetails();
builder.Services.ConfigureHttpJsonOptions(json =>
{
    ContractsJson.Apply(json.SerializerOptions);
    StrictBodies.Apply(json.SerializerOptions);
});
builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 4 << 20);

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages(context => ProblemAnswers.WriteStatusAsync(context));
app.UseMiddleware<TokenGate>();
app.MapHealth();
app.MapOpenApi();
var api = app.MapGroup("/api/v1");
api.MapPipelines();
api.MapRuns();
api.MapExecutedNotebooks();
api.MapBackfills();
api.MapEvents();
api.MapOverview();
api.MapTables();
api.MapDeliveries();
api.MapJobs();
api.MapDrift();
api.MapInsights();
api.MapConnectors();
api.MapSources();
api.MapConnections();
api.MapSecrets();
api.MapPlugins();
api.MapUploads();
api.MapHooks();
app.MapHookPosts();
api.MapNotebooks();
api.MapSearch();
api.MapSystem();
api.MapWorkflows();
api.MapSchedules();

LoopbackOnly.Check(app.Configuration, LoopbackOnly.Addresses(app.Configuration));
try
{
    // Before anything is served: a lake that cannot be used is a matter for whoever set it up.
    app.Services.GetRequiredService<LakeStore>().Check();
}
catch (LakeStorageException e)
{
    StartLog.LakeFailed(app.Logger, e.Code, e.Message);
    // The log is written by a thread of its own, which this waits for.
    await app.DisposeAsync();
    return 1;
}
await app.RunAsync();
return 0;
