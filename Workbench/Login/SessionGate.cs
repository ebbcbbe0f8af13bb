namespace FlowForge.Workbench.Login;

/// <summary>
/// Lets a request pass with a valid session; turns <c>/login?token=…</c> and the login form into one. Pages lead to the login page,
/// everything else (the circuit's own requests) gets 401.
/// </summary>
internal sealed class SessionGate(RequestDelegate next, SessionCookie session)
{
    public const string LoginPath = "/login";

    public async Task InvokeAsync(HttpContext context)
    {
        var path = context.Request.Path;
        if (path == "/health")
            await next(context);
        else if (path == "/logout")
            Leave(context);
        else if (path == LoginPath)
            await EnterAsync(context);
        else if (session.IsValid(context))
            await next(context);
        else if (HttpMethods.IsGet(context.Request.Method) && !path.StartsWithSegments("/_blazor"))
            See(context, LoginPath + QueryString.Create("return", path + context.Request.QueryString));
        else
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
    }

    private async Task EnterAsync(HttpContext context)
    {
        var post = HttpMethods.IsPost(context.Request.Method) && context.Request.HasFormContentType;
        var form = post ? await context.Request.ReadFormAsync(context.RequestAborted) : null;
        string? offered = form is null ? context.Request.Query["token"] : form["token"];
        var target = LocalTarget(form is null ? context.Request.Query["return"] : form["return"]);
        context.Response.Headers.CacheControl = "no-store";
        if (session.IsToken(offered))
        {
            session.Set(context);
            See(context, target);
        }
        else if (offered is not null)
        {
            See(context, LoginPath + new QueryString("?refused=1").Add("return", target));
        }
        else if (HttpMethods.IsGet(context.Request.Method))
        {
            await next(context);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        }
    }

    private static void Leave(HttpContext context)
    {
        // A link on another site must not be able to log anybody out.
        if (context.Request.Headers["Sec-Fetch-Site"] != "cross-site")
            SessionCookie.Clear(context);
        See(context, LoginPath);
    }

    /// <summary>Only a path of this host: never a way to send somebody elsewhere.</summary>
    internal static string LocalTarget(string? wanted) =>
        wanted is ['/', ..] and not ['/', '/' or '\\', ..] && !wanted.StartsWith(LoginPath, StringComparison.Ordinal) && !wanted.Any(char.IsControl) ? wanted : "/";

    private static void See(HttpContext context, string target)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = target;
    }
}
