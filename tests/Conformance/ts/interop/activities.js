const { Context, ApplicationFailure } = require('@temporalio/activity');

exports.describe = async (thing, bytes) => ({ ...thing, length: bytes.length, first: bytes[0], attempt: Context.current().info.attempt });
exports.flaky = async () => {
  const { attempt } = Context.current().info;
  Context.current().heartbeat({ attempt });
  if (attempt < 3) throw new Error(`attempt ${attempt}`);
  return Context.current().info.heartbeatDetails.attempt;
};
exports.reject = async () => { throw ApplicationFailure.nonRetryable('no such table', 'TableMissing', { table: 'orders' }); };
exports.endless = async () => {
  for (;;) {
    Context.current().heartbeat('working');
    await Context.current().sleep(50);
  }
};
