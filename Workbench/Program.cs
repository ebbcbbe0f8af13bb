using FlowForge.Workbench;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions
{
    Args = args,
    // Started from anywhere (the AppHost starts it from the data folder): its files lie beside the program.
    ContentRootPath = AppContext.BaseDirectory,
    WebRootPath = Path.Combine(AppContext.BaseDirectory, "wwwroot"),
});
builder.AddWorkbench();
var app = builder.Build();
app.UseWorkbench();
app.Run();
