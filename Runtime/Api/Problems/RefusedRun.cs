using FlowForge.Api.Mapping;
using FlowForge.Contracts;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Api.Problems;

/// <summary>The orchestration's refusals in HTTP's words.</summary>
internal static class RefusedRun
{
    public static Problem Describe(RunRefusedException refusal)
    {
        var (status, title) = refusal.Reason switch
        {
            RunRefusal.NotFound => (404, "Not found"),
            RunRefusal.Invalid => (422, "Pipeline has errors"),
            _ => (409, "Not possible now")
        };
        return new Problem
        {
            Status = status, Title = title, Code = refusal.Code, Detail = refusal.Message, Suggestion = refusal.Suggestion,
            Diagnostics = [.. refusal.Diagnostics.Select(PipelineMapping.ToEntry)]
        };
    }
}
