using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Query.V1;
using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Answers to queries and updates, which ride along with the commands.</summary>
public sealed partial class DecisionBuilder
{
    private readonly List<Message> _messages = [];
    private readonly Dictionary<string, WorkflowQueryResult> _answers = [];

    /// <summary>Answers a query of this task.</summary>
    public DecisionBuilder Answer(WorkflowQuery query, object? value)
    {
        ArgumentNullException.ThrowIfNull(query);
        _answers[query.Id] = new WorkflowQueryResult { ResultType = QueryResultType.Answered, Answer = Converter.ToPayloads(value ?? Converter.ToPayload(null)) };
        return this;
    }

    /// <summary>Refuses a query; the asker gets <paramref name="message"/>.</summary>
    public DecisionBuilder FailQuery(WorkflowQuery query, string message)
    {
        ArgumentNullException.ThrowIfNull(query);
        _answers[query.Id] = QueryAnswers.Failed(message);
        return this;
    }

    /// <summary>Takes an update on. It stands in <see cref="WorkflowHistory.Updates"/> from now on, until a decision completes it: this one, or a later one.</summary>
    public DecisionBuilder AcceptUpdate(UpdateRequest update)
    {
        ArgumentNullException.ThrowIfNull(update);
        return Send($"{update.MessageId}/accept", update.Id, new Acceptance
        {
            AcceptedRequestMessageId = update.MessageId,
            AcceptedRequestSequencingEventId = update.SequencingEventId,
            AcceptedRequest = update.Raw,
        });
    }

    /// <summary>Refuses an update, which then leaves no trace in history.</summary>
    public DecisionBuilder RejectUpdate(UpdateRequest update, Exception reason)
    {
        ArgumentNullException.ThrowIfNull(update);
        // The one message without a command: nothing is written, so nothing has an order.
        _messages.Add(new Message
        {
            Id = $"{update.MessageId}/reject",
            ProtocolInstanceId = update.Id,
            Body = Any.Pack(new Rejection
            {
                RejectedRequestMessageId = update.MessageId,
                RejectedRequestSequencingEventId = update.SequencingEventId,
                RejectedRequest = update.Raw,
                Failure = new FailureConverter(Converter).ToFailure(reason),
            }),
        });
        return this;
    }

    /// <summary>Ends an accepted update with a result for its caller.</summary>
    public DecisionBuilder CompleteUpdate(string updateId, object? result = null) =>
        Finish(updateId, new Outcome { Success = Converter.ToPayloads(result ?? Converter.ToPayload(null)) });

    /// <summary>Ends an accepted update with a failure for its caller; the workflow goes on.</summary>
    public DecisionBuilder FailUpdate(string updateId, Exception failure) =>
        Finish(updateId, new Outcome { Failure = new FailureConverter(Converter).ToFailure(failure) });

    private DecisionBuilder Finish(string updateId, Outcome outcome)
    {
        var accepted = _messages.Any(m => m.ProtocolInstanceId == updateId && m.Body.Is(Acceptance.Descriptor));
        if (!accepted && history.Updates.GetValueOrDefault(updateId)?.Status != UpdateStatus.Accepted)
        {
            throw new InvalidOperationException($"Update '{updateId}' of {task.WorkflowType} '{task.WorkflowId}' cannot be completed: it is not accepted, or is completed already.");
        }
        return Send($"{updateId}/complete", updateId, new Response { Meta = new Meta { UpdateId = updateId }, Outcome = outcome });
    }

    private DecisionBuilder Send(string id, string updateId, IMessage body)
    {
        _messages.Add(new Message { Id = id, ProtocolInstanceId = updateId, Body = Any.Pack(body) });
        return Add(new Command { CommandType = CommandType.ProtocolMessage, ProtocolMessageCommandAttributes = new() { MessageId = id } });
    }
}
