using FlowForge.Contracts;
using FlowForge.Temporal.Protocol;
using Microsoft.AspNetCore.Diagnostics;

namespace FlowForge.Api.Problems;

/// <summary>Every error leaves as problem+json, the same shape everywhere. What is not known to be harmless says nothing about its inside.</summary>
internal sealed class ProblemAnswers(ILogger<ProblemAnswers> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            // The caller left; nobody reads an answer.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }
        var problem = Describe(exception);
        if (problem is null)
        {
            log.LogError(exception, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
            problem = new Problem
            {
                Status = StatusCodes.Status500InternalServerError, Code = "FF4000", Title = "Internal error",
                Detail = "The runtime met an error that it did not expect.", Suggestion = "Its log has the details: logs/environment.log in the data folder."
            };
        }
        await WriteAsync(context, problem);
        return true;
    }

    /// <summary>Bare status codes of the framework (unknown path, wrong method) get a body too.</summary>
    public static Task WriteStatusAsync(StatusCodeContext context)
    {
        var status = context.HttpContext.Response.StatusCode;
        return WriteAsync(context.HttpContext, status switch
        {
            404 => new Problem { Status = 404, Code = "FF4001", Title = "Not found", Detail = $"There is nothing at {context.HttpContext.Request.Path}.", Suggestion = "GET /openapi/v1.json lists what there is." },
            405 => new Problem { Status = 405, Code = "FF4002", Title = "Method not allowed", Detail = $"{context.HttpContext.Request.Path} does not know {context.HttpContext.Request.Method}." },
            415 => new Problem { Status = 415, Code = "FF4003", Title = "Unsupported media type", Detail = "The body must be JSON.", Suggestion = "Send the header Content-Type: application/json." },
            _ => new Problem { Status = status, Code = "FF4008", Title = "Error", Detail = $"The runtime answers {status}." }
        });
    }

    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status ?? StatusCodes.Status500InternalServerError;
        return context.Response.WriteAsJsonAsync(problem with { Type = "about:blank" }, ContractsJson.Options, "application/problem+json");
    }

    private static Problem? Describe(Exception exception) => exception switch
    {
        ProblemException p => p.Problem,
        Orchestration.Runs.RunRefusedException r => RefusedRun.Describe(r),
        BadHttpRequestException { StatusCode: 413 } => new Problem { Status = 413, Code = "FF4004", Title = "Too large", Detail = "The body is larger than this endpoint takes." },
        BadHttpRequestException b => new Problem { Status = b.StatusCode, Code = "FF4005", Title = "Bad request", Detail = b.InnerException is System.Text.Json.JsonException j ? $"The body is not the JSON that is expected here: {j.Message}" : b.Message },
        Catalog.JobFailedException j => new Problem { Status = 409, Code = j.Code, Title = "The job cannot do that", Detail = j.Message, Suggestion = j.Suggestion },
        Lake.LakeException l => new Problem { Status = 409, Code = "FF2700", Title = "Table cannot be read", Detail = l.Message },
        Lake.LakeStorageException l => new Problem { Status = l.IsTransient ? 503 : 409, Code = l.Code, Title = "The lake cannot be used", Detail = l.Message },
        GrpcException { Code: GrpcCode.Unavailable or GrpcCode.DeadlineExceeded } => new Problem
        {
            Status = 503, Code = "FF4007", Title = "Temporal does not answer", Detail = "The Temporal server does not answer at the moment.",
            Suggestion = "A run or backfill that was asked for is recorded and starts when the server answers: look at the runs before you ask again.",
        },
        TimeoutException t => new Problem { Status = 503, Code = "FF4006", Title = "Took too long", Detail = t.Message, Suggestion = "Filter or sort less, or try again later." },
        _ => null
    };
}
