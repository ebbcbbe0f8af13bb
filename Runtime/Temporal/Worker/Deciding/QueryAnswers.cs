using Temporalio.Api.Enums.V1;
using Temporalio.Api.Query.V1;

namespace FlowForge.Temporal.Worker;

internal static class QueryAnswers
{
    public static WorkflowQueryResult Failed(string message) => new()
    {
        ResultType = QueryResultType.Failed,
        ErrorMessage = message,
        Failure = new() { Message = message, Source = "FlowForge", ApplicationFailureInfo = new() { Type = "QueryFailed" } },
    };
}
