using System.Net.Http.Headers;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Live;

/// <summary>The one connection to the runtime API that all pages share.</summary>
internal static class RuntimeClient
{
    public static void AddRuntimeClient(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var url = configuration["Runtime:Url"] ?? configuration["services:runtime:http:0"] ?? configuration["services:api:http:0"] ?? "http://127.0.0.1:5080";
        var token = new RuntimeToken(configuration["FlowForge:TokenFile"] ?? configuration["Token:File"]
            ?? throw new InvalidOperationException("The workbench needs the token file of the environment: set FlowForge__TokenFile (the AppHost does), for example FlowForge__TokenFile=.flowforge/token."));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(token);
        builder.Services.AddSingleton(_ => new FlowForgeClient(new HttpClient(new TokenHandler(token))
        {
            BaseAddress = new Uri(url, UriKind.Absolute),
            // Longer than the runtime waits for a source, so that the source's reason is heard.
            Timeout = TimeSpan.FromSeconds(100),
        }));
    }

    private sealed class TokenHandler(RuntimeToken token)
        : DelegatingHandler(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (token.Read() is { } text)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", text);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
