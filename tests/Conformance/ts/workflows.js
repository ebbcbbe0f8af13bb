const wf = require('@temporalio/workflow');
const { proxyActivities, proxyLocalActivities, sleep, condition, defineSignal, defineQuery, defineUpdate, setHandler, CancellationScope, isCancellation } = wf;

const fast = proxyActivities({ startToCloseTimeout: '10s', retry: { initialInterval: '50ms', backoffCoefficient: 1 } });
const local = proxyLocalActivities({ startToCloseTimeout: '5s' });

exports.hello = async (name) => `hello ${name}`;
exports.oneActivity = async (value) => fast.echo(value);
exports.threeActivities = async () => {
  let sum = 0;
  for (let i = 0; i < 3; i++) sum = await fast.add(sum, i);
  return sum;
};
exports.parallelActivities = async (n) => {
  const parts = await Promise.all(Array.from({ length: n }, (_, i) => fast.echo(i)));
  return parts.reduce((a, b) => a + b, 0);
};
exports.flakyActivity = async (n) => fast.flaky(n);
exports.activityWith = async (name, options, ...args) => {
  try {
    return { result: await proxyActivities(options)[name](...args) };
  } catch (e) {
    const chain = [];
    for (let c = e; c; c = c.cause) chain.push({ name: c.name, message: c.message, type: c.type, timeoutType: c.timeoutType, retryState: c.retryState, nonRetryable: c.nonRetryable, details: c.details, lastHeartbeat: c.lastHeartbeatDetails });
    return { chain };
  }
};
exports.timer = async (ms) => { await sleep(ms); return 'fired'; };
exports.cancelTimer = async () => {
  const scope = new CancellationScope();
  const slept = scope.run(() => sleep('1 hour')).catch((e) => (isCancellation(e) ? 'cancelled' : 'other'));
  await sleep(20);
  scope.cancel();
  return await slept;
};

const push = defineSignal('push');
const finish = defineSignal('finish');
const items = defineQuery('items');
exports.collect = async (wanted) => {
  const got = [];
  let done = false;
  setHandler(push, (x) => { got.push(x); });
  setHandler(finish, () => { done = true; });
  setHandler(items, () => got);
  await condition(() => done || (wanted && got.length >= wanted));
  return got;
};
exports.waitForever = async () => { await condition(() => false); };
exports.cleanUpOnCancel = async () => {
  try {
    await sleep('1 day');
  } catch (e) {
    if (!isCancellation(e)) throw e;
    await CancellationScope.nonCancellable(() => fast.echo('cleaned'));
    throw e;
  }
};
exports.cancelActivity = async (type, activity) => {
  const acts = proxyActivities({ startToCloseTimeout: '30s', heartbeatTimeout: '1s', cancellationType: type, retry: { maximumAttempts: 1 } });
  const scope = new CancellationScope();
  const running = scope.run(() => acts[activity]()).then((r) => ({ result: r }), (e) => ({ cancelled: isCancellation(e), message: e.message, cause: e.cause?.message }));
  await sleep(300);
  scope.cancel();
  return await running;
};
exports.cancelUnstarted = async () => {
  const acts = proxyActivities({ startToCloseTimeout: '30s', taskQueue: 'nobody-listens', cancellationType: 'WAIT_CANCELLATION_COMPLETED' });
  const scope = new CancellationScope();
  const running = scope.run(() => acts.echo(1)).then(() => 'done', (e) => (isCancellation(e) ? 'cancelled' : String(e)));
  await sleep(20);
  scope.cancel();
  return await running;
};
exports.failing = async (message, type, nonRetryable) => { throw wf.ApplicationFailure.create({ message, type, nonRetryable }); };
exports.retried = async (succeedOn) => {
  const { attempt } = wf.workflowInfo();
  if (attempt < succeedOn) throw wf.ApplicationFailure.create({ message: `run attempt ${attempt}` });
  return attempt;
};
exports.countDown = async (n) => {
  if (n > 0) await wf.continueAsNew(n - 1);
  return wf.workflowInfo().continuedFromExecutionRunId !== undefined;
};
exports.lastResult = async () => {
  const info = wf.workflowInfo();
  return { last: info.lastResult ?? null, failure: info.lastFailure?.message ?? null };
};

// Children.
exports.parent = async (childType, args, options = {}) => wf.executeChild(childType, { args, ...options });
exports.parentOf = async (childType, childArgs, options = {}) => {
  try {
    return { result: await wf.executeChild(childType, { args: childArgs, ...options }) };
  } catch (e) {
    return { name: e.name, cause: e.cause?.name, message: e.cause?.message, causeMessage: e.cause?.cause?.message };
  }
};
exports.startChildAndLeave = async (childType, childArgs, options) => {
  const child = await wf.startChild(childType, { args: childArgs, ...options });
  return child.firstExecutionRunId;
};
exports.signalChild = async () => {
  const child = await wf.startChild('collect', { args: [1] });
  await child.signal(push, 'from parent');
  return await child.result();
};
exports.cancelChild = async () => {
  const scope = new CancellationScope();
  const running = scope.run(() => wf.executeChild('waitForever', {})).then(() => 'done', (e) => (isCancellation(e) ? 'cancelled' : String(e)));
  await sleep(100);
  scope.cancel();
  return await running;
};
exports.signalExternal = async (workflowId, value) => {
  try {
    await wf.getExternalWorkflowHandle(workflowId).signal(push, value);
    return 'sent';
  } catch (e) { return `${e.name}: ${e.message}`; }
};
exports.cancelExternal = async (workflowId) => {
  try {
    await wf.getExternalWorkflowHandle(workflowId).cancel();
    return 'sent';
  } catch (e) { return `${e.name}: ${e.message}`; }
};

// Updates.
const bump = defineUpdate('bump');
const slow = defineUpdate('slow');
exports.updatable = async () => {
  let count = 0;
  let done = false;
  setHandler(bump, (by) => (count += by), { validator: (by) => { if (by < 0) throw new Error('only upwards'); } });
  setHandler(slow, async (ms) => { await sleep(ms); return `slept ${ms}`; });
  setHandler(finish, () => { done = true; });
  setHandler(defineQuery('count'), () => count);
  setHandler(defineUpdate('viaActivity'), async (v) => fast.echo(v));
  await condition(() => done);
  return count;
};

// Versions, markers, local activities, search attributes, memo.
exports.versioned = async () => { const p = wf.patched('new-way'); await sleep(10); return p ? 'new' : 'old'; };
exports.localActivity = async (v) => local.echo(v);
exports.localFlaky = async (n) => proxyLocalActivities({ startToCloseTimeout: '5s', retry: { initialInterval: '50ms', backoffCoefficient: 1 } }).flaky(n);
exports.longLocal = async (ms) => proxyLocalActivities({ startToCloseTimeout: '30s' }).hang(ms);
exports.random = async () => { const a = wf.uuid4(); await sleep(5); return [a, Math.random() >= 0, Date.now() > 0]; };
exports.upsert = async () => {
  wf.upsertSearchAttributes({ CustomKeywordField: ['changed'], CustomIntField: [42] });
  wf.upsertMemo({ note: 'changed', gone: null });
  await sleep(10);
  return { sa: wf.workflowInfo().searchAttributes, memo: wf.workflowInfo().memo };
};
exports.details = async () => {
  wf.setCurrentDetails('**working**');
  await sleep('1ms');
  await condition(() => false);
};
exports.failTaskOnce = async () => {
  // A workflow task failure, not a workflow failure: any error that is not a TemporalFailure.
  if (wf.workflowInfo().unsafe.isReplaying === false && !globalThis.__failedOnce) {
    globalThis.__failedOnce = true;
  }
  await sleep(10);
  return 'ok';
};
exports.alwaysFailsTask = async () => { throw new TypeError('a bug in the workflow'); };
exports.spin = async (activitiesCount) => { for (let i = 0; i < activitiesCount; i++) await fast.echo(i); return activitiesCount; };
exports.mixed = async (n) => {
  let signals = 0;
  setHandler(push, () => { signals++; });
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += await fast.flaky(i % 2);
    await sleep(20 + 10 * i);
  }
  await condition(() => signals >= 2);
  return { sum, signals };
};
exports.manySignals = async (n) => {
  let count = 0;
  setHandler(push, () => { count++; });
  await condition(() => count >= n);
  return count;
};
exports.getDetails = async () => wf.workflowInfo().searchAttributes;
exports.info = async () => {
  const i = wf.workflowInfo();
  return { id: i.workflowId, type: i.workflowType, ns: i.namespace, queue: i.taskQueue, attempt: i.attempt, runTimeout: i.runTimeout, memo: i.memo, parent: i.parent?.workflowId, root: i.root?.workflowId };
};

// Updates as the public feature scenarios use them.
exports.updateSelf = async () => {
  let got;
  setHandler(defineUpdate('tell'), (value) => { got = value; return `told ${value}`; });
  // The activity updates the workflow that waits for it.
  const answer = await fast.updateCaller('hello');
  return { got, answer };
};
exports.updateTaskFails = async () => {
  let done = false;
  setHandler(defineUpdate('stumble'), (until) => {
    // Not a failure of the update but of the task: it is tried again, until the worker's own clock says so.
    if (wf.workflowInfo().unsafe.now() < until) throw new TypeError('a bug in the handler');
    done = true;
    return 'mended';
  });
  await condition(() => done);
  return 'done';
};
exports.updateFails = async () => {
  let done = false;
  setHandler(defineUpdate('refuse'), () => { throw wf.ApplicationFailure.create({ message: 'no', type: 'Refused', details: [{ why: 'because' }] }); });
  setHandler(defineUpdate('wait'), async () => { await condition(() => done); return 'waited'; });
  setHandler(finish, () => { done = true; });
  await condition(() => done);
  await condition(wf.allHandlersFinished);
  return 'done';
};
exports.dynamicHandlers = async () => {
  const seen = [];
  wf.setDefaultSignalHandler((name, ...args) => { seen.push([name, ...args]); });
  await condition(() => seen.length >= 3);
  return seen;
};
exports.childAbandoned = async () => {
  const child = await wf.startChild('waitForever', { workflowId: wf.workflowInfo().workflowId + '-child', parentClosePolicy: 'ABANDON', cancellationType: 'ABANDON' });
  return child.workflowId;
};
exports.cancelChildTry = async (cancellationType) => {
  try {
    await CancellationScope.cancellable(async () => {
      const child = await wf.startChild('waitForever', { workflowId: wf.workflowInfo().workflowId + '-child', cancellationType });
      const waiting = child.result();
      CancellationScope.current().cancel();
      await waiting;
    });
  } catch (e) {
    return isCancellation(e) ? 'cancelled' : e.message;
  }
};
exports.continueWithUpdate = async (n) => {
  let updates = 0;
  setHandler(bump, (by) => { updates += by; return `${n}:${updates}`; });
  await condition(() => updates >= 2);
  if (n < 2) await wf.continueAsNew(n + 1);
  return `${n}:${updates}`;
};
exports.sleepUntilSignals = async (n) => {
  let got = 0;
  setHandler(defineSignal('tick'), () => { got += 1; });
  for (let i = 0; i < n; i++) {
    const fired = !(await condition(() => got > i, '1 hour'));
    if (fired) return 'late';
  }
  return got;
};
