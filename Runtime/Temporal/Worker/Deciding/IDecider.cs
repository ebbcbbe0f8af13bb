namespace FlowForge.Temporal.Worker;

/// <summary>
/// A workflow type: a pure function from what has happened to what is to be done next. It is called for each workflow task with the whole
/// history, on several threads at once for different runs. It must do no I/O, read no clock (use <see cref="WorkflowHistory.Now"/>), draw no
/// random numbers and keep no state: everything it needs is in the history. An exception fails the workflow task, which the server repeats
/// until a repaired worker takes it; to fail the workflow itself, return <see cref="DecisionBuilder.FailWorkflow(Exception)"/>.
/// </summary>
public interface IDecider
{
    Decision Decide(WorkflowHistory history, WorkflowTask task);
}
