using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Query.V1;
using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Adds the answers that a decider did not give, so that no asker waits in vain.</summary>
internal static class DecisionCheck
{
    public static Decision Complete(WorkflowTask task, Decision? decision)
    {
        decision ??= Decision.None;
        var answers = new Dictionary<string, WorkflowQueryResult>();
        foreach (var query in task.Queries)
        {
            answers[query.Id] = decision.Answers.GetValueOrDefault(query.Id)
                ?? QueryAnswers.Failed($"Workflow type '{task.WorkflowType}' does not answer the query '{query.Name}'.");
        }
        if (task.IsQueryOnly)
        {
            return new Decision { Answers = answers };
        }
        var answered = decision.Messages.Select(m => m.ProtocolInstanceId).ToHashSet();
        var refusals = task.Updates.Where(u => !answered.Contains(u.Id)).Select(u => Refusal(task, u));
        return decision with { Answers = answers, Messages = [.. decision.Messages, .. refusals] };
    }

    private static Message Refusal(WorkflowTask task, UpdateRequest update) => new()
    {
        Id = $"{update.MessageId}/reject",
        ProtocolInstanceId = update.Id,
        Body = Any.Pack(new Rejection
        {
            RejectedRequestMessageId = update.MessageId,
            RejectedRequestSequencingEventId = update.SequencingEventId,
            RejectedRequest = update.Raw,
            Failure = new()
            {
                Message = $"Workflow type '{task.WorkflowType}' does not take the update '{update.Name}'.",
                Source = "FlowForge",
                ApplicationFailureInfo = new() { Type = "UpdateNotTaken", NonRetryable = true },
            },
        }),
    };
}
