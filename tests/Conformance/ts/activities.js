const { Context, ApplicationFailure, heartbeat, sleep, cancelled, activityInfo, CompleteAsyncError } = require('@temporalio/activity');

const attempts = new Map();

module.exports = {
  async echo(value) { return value; },
  async add(a, b) { return a + b; },
  // Fails the first n attempts, then tells on which attempt it went well.
  async flaky(n) {
    const { attempt } = activityInfo();
    if (attempt <= n) throw ApplicationFailure.create({ message: `attempt ${attempt}`, type: 'Flaky' });
    return attempt;
  },
  async failWith(message, type, nonRetryable, nextRetryDelay) {
    const { attempt } = activityInfo();
    if (nextRetryDelay && attempt > 1) return attempt;
    throw ApplicationFailure.create({ message, type, nonRetryable, nextRetryDelay, details: ['detail', 7] });
  },
  // Heartbeats until it is cancelled, then says what it had done.
  async beatUntilCancelled() {
    for (let i = 1; ; i++) {
      heartbeat(i);
      await sleep(50);
    }
  },
  // Swallows cancellation and completes.
  async ignoreCancel() {
    for (let i = 0; i < 100; i++) {
      heartbeat(i);
      try { await sleep(30); } catch { return 'ignored'; }
    }
    return 'never cancelled';
  },
  // The first attempt reports progress and hangs; the second continues from it.
  async resumeFromHeartbeat() {
    const info = activityInfo();
    if (info.attempt === 1) {
      heartbeat({ at: 41 });
      await new Promise((r) => setTimeout(r, 600));
      throw new Error('not reached in time');
    }
    return info.heartbeatDetails.at + 1;
  },
  async failAfterHeartbeat() {
    const info = activityInfo();
    if (info.attempt === 1) {
      heartbeat('progress');
      throw new Error('first');
    }
    return info.heartbeatDetails;
  },
  // Updates the workflow that runs it, over the worker's own connection.
  async updateCaller(value) {
    const { workflowId } = activityInfo().workflowExecution;
    const { Client, Connection } = require('@temporalio/client');
    const connection = await Connection.connect({ address: process.env.CONFORMANCE_ADDRESS });
    try {
      return await new Client({ connection }).workflow.getHandle(workflowId).executeUpdate('tell', { args: [value] });
    } finally {
      await connection.close();
    }
  },
  async hang(ms) { await new Promise((r) => setTimeout(r, ms)); return 'late'; },
  async completeAsync() {
    const info = activityInfo();
    attempts.set(info.workflowExecution.workflowId, info.base64TaskToken ?? info.taskToken);
    throw new CompleteAsyncError();
  },
  async info() {
    const i = activityInfo();
    return { attempt: i.attempt, activityId: i.activityId, type: i.activityType, queue: i.taskQueue, ns: i.workflowNamespace, workflowType: i.workflowType };
  },
  async big(bytes) { return 'x'.repeat(bytes); },
  tokens: undefined,
};
delete module.exports.tokens;
module.exports.__tokens = undefined;
delete module.exports.__tokens;
Object.defineProperty(module.exports, 'taskTokens', { enumerable: false, value: attempts });
