// Workflows that C# starts, and that call C# back.
const wf = require('@temporalio/workflow');

const add = wf.defineSignal('add');
const finish = wf.defineSignal('finish');
const total = wf.defineQuery('total');
const bump = wf.defineUpdate('bump');

exports.counter = async (start, label) => {
  let sum = start;
  let done = false;
  wf.setHandler(add, (n) => { sum += n; });
  wf.setHandler(finish, () => { done = true; });
  wf.setHandler(total, () => ({ sum, label: label.text }));
  wf.setHandler(bump, async (n) => { await wf.sleep(10); sum += n; return sum; }, {
    validator: (n) => { if (n < 0) throw wf.ApplicationFailure.create({ message: 'must not be negative', type: 'BadInput' }); },
  });
  await wf.condition(() => done);
  return { sum, label };
};
exports.echo = async (...values) => values;
exports.failing = async () => {
  throw wf.ApplicationFailure.create({ message: 'broken', type: 'Broken', nonRetryable: true, details: [{ rows: 3 }, 'orders'], cause: new Error('the reason') });
};
exports.waits = async () => { await wf.sleep('1 hour'); };
exports.callsCSharpActivity = async (taskQueue, value) => {
  const remote = wf.proxyActivities({ taskQueue, startToCloseTimeout: '10s', retry: { maximumAttempts: 2, initialInterval: '20ms' } });
  const scaled = await remote.scale({ value, factor: 3 });
  try {
    await remote.refuse(value);
  } catch (e) {
    return { scaled, type: e.cause.type, message: e.cause.message, details: e.cause.details, cause: e.cause.cause.message };
  }
};
exports.callsCSharpChild = async (taskQueue, value) => {
  const good = await wf.executeChild('double', { taskQueue, args: [value] });
  try {
    await wf.executeChild('double', { taskQueue, args: [-1] });
  } catch (e) {
    return { good, type: e.cause.type, message: e.cause.message };
  }
};
