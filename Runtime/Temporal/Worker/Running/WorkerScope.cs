using Microsoft.Extensions.Logging;

namespace FlowForge.Temporal.Worker;

/// <summary>What the parts of one worker share.</summary>
/// <param name="InstanceKey">Names this worker's polls to the server, which ends them when the worker stops.</param>
internal sealed record WorkerScope(TemporalClient Client, WorkerOptions Options, string Identity, string InstanceKey, ILogger Logger);
