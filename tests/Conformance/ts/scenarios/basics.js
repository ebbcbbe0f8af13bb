const { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, WorkflowFailedError } = require('@temporalio/client');

scenario('hello', async (t) => {
  const result = await t.withWorker(async () => (await t.start('hello', { args: ['world'] })).result());
  t.assert.equal(result, 'hello world');
});

scenario('activity-result', async (t) => {
  const result = await t.withWorker(async () => (await t.start('oneActivity', { args: [{ a: 1 }] })).result());
  t.assert.deepEqual(result, { a: 1 });
});

scenario('history-shape', async (t) => {
  const handle = await t.start('oneActivity', { args: [1] });
  await t.withWorker(() => handle.result());
  const events = await t.history(handle);
  t.assert.deepEqual(t.types(events), [
    'WorkflowExecutionStarted', 'WorkflowTaskScheduled', 'WorkflowTaskStarted', 'WorkflowTaskCompleted', 'ActivityTaskScheduled',
    'ActivityTaskStarted', 'ActivityTaskCompleted', 'WorkflowTaskScheduled', 'WorkflowTaskStarted', 'WorkflowTaskCompleted', 'WorkflowExecutionCompleted',
  ]);
  t.assert.deepEqual(events.map((e) => Number(e.eventId)), events.map((_, i) => i + 1));
});

scenario('parallel-activities', async (t) => {
  t.assert.equal(await t.withWorker(async () => (await t.start('parallelActivities', { args: [40] })).result()), 780);
});

scenario('timer-fires', async (t) => {
  t.assert.equal(await t.withWorker(async () => (await t.start('timer', { args: [150] })).result()), 'fired');
});

scenario('timer-cancelled', async (t) => {
  const handle = await t.start('cancelTimer');
  t.assert.equal(await t.withWorker(() => handle.result()), 'cancelled');
  t.assert.ok(t.types(await t.history(handle)).includes('TimerCanceled'));
});

scenario('signals-and-query', async (t) => {
  const handle = await t.start('collect', { args: [3] });
  await t.withWorker(async () => {
    await handle.signal('push', 'a');
    await handle.signal('push', 'b');
    await t.until(async () => (await handle.query('items')).length === 2, 'two items');
    await handle.signal('push', 'c');
    t.assert.deepEqual(await handle.result(), ['a', 'b', 'c']);
    // Queries on a closed run are answered from its history.
    t.assert.deepEqual(await handle.query('items'), ['a', 'b', 'c']);
  });
});

scenario('query-unknown-fails', async (t) => {
  const handle = await t.start('collect', { args: [1] });
  await t.withWorker(async () => {
    await t.assert.rejects(handle.query('nonsense'), /nonsense/);
    await handle.terminate();
  });
});

scenario('query-reject-not-open', async (t) => {
  const handle = await t.start('hello', { args: ['x'] });
  await t.withWorker(() => handle.result());
  const strict = new (require('@temporalio/client').Client)({ connection: t.connection, workflow: { queryRejectCondition: 'NOT_OPEN' } });
  await t.assert.rejects(strict.workflow.getHandle(t.id).query('items'), (e) => e.name === 'QueryRejectedError');
});

scenario('signal-with-start', async (t) => {
  const first = await t.client.workflow.signalWithStart('collect', { taskQueue: t.id, workflowId: t.id, args: [2], signal: 'push', signalArgs: ['one'] });
  const second = await t.client.workflow.signalWithStart('collect', { taskQueue: t.id, workflowId: t.id, args: [2], signal: 'push', signalArgs: ['two'] });
  t.assert.equal(first.signaledRunId, second.signaledRunId);
  t.assert.deepEqual(await t.withWorker(() => first.result()), ['one', 'two']);
});

scenario('already-started', async (t) => {
  const handle = await t.start('waitForever');
  await t.assert.rejects(t.start('waitForever'), (e) => e instanceof WorkflowExecutionAlreadyStartedError);
  await handle.terminate('done');
});

scenario('conflict-use-existing', async (t) => {
  const a = await t.start('waitForever');
  const b = await t.start('waitForever', { workflowIdConflictPolicy: 'USE_EXISTING' });
  t.assert.equal(a.firstExecutionRunId, b.firstExecutionRunId);
  const c = await t.start('waitForever', { workflowIdConflictPolicy: 'TERMINATE_EXISTING' });
  t.assert.notEqual(a.firstExecutionRunId, c.firstExecutionRunId);
  t.assert.equal((await t.client.workflow.getHandle(t.id, a.firstExecutionRunId).describe()).status.name, 'TERMINATED');
  await c.terminate();
});

scenario('reuse-policies', async (t) => {
  await t.withWorker(async () => {
    await (await t.start('hello', { args: ['1'] })).result();
    await t.assert.rejects(t.start('hello', { args: ['2'], workflowIdReusePolicy: 'REJECT_DUPLICATE' }), (e) => e instanceof WorkflowExecutionAlreadyStartedError);
    await t.assert.rejects(t.start('hello', { args: ['2'], workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' }), (e) => e instanceof WorkflowExecutionAlreadyStartedError);
    await (await t.start('hello', { args: ['2'] })).result();
    await t.assert.rejects((await t.start('failing', { args: ['no'] })).result(), WorkflowFailedError);
    await (await t.start('hello', { args: ['3'], workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' })).result();
  });
});

scenario('start-is-idempotent', async (t) => {
  const request = { namespace: 'default', workflowId: t.id, workflowType: { name: 'waitForever' }, taskQueue: { name: t.id }, requestId: 'same' };
  const a = await t.service.startWorkflowExecution(request);
  const b = await t.service.startWorkflowExecution(request);
  t.assert.equal(a.runId, b.runId);
  await t.client.workflow.getHandle(t.id).terminate();
});

scenario('cancel-with-clean-up', async (t) => {
  const handle = await t.start('cleanUpOnCancel');
  await t.withWorker(async () => {
    await t.until(async () => (await handle.describe()).raw.workflowExecutionInfo.historyLength > 4, 'the timer');
    await handle.cancel();
    await t.assert.rejects(handle.result(), (e) => e instanceof WorkflowFailedError && e.cause.name === 'CancelledFailure');
  });
  t.assert.equal((await handle.describe()).status.name, 'CANCELLED');
  const types = t.types(await t.history(handle));
  t.assert.ok(types.includes('WorkflowExecutionCancelRequested') && types.at(-1) === 'WorkflowExecutionCanceled');
});

scenario('terminate', async (t) => {
  const handle = await t.start('waitForever');
  await handle.terminate('because');
  await t.assert.rejects(handle.result(), (e) => e.cause.name === 'TerminatedFailure');
  await t.assert.rejects(handle.signal('push', 1), (e) => e instanceof WorkflowNotFoundError);
  const events = await t.history(handle);
  t.assert.equal(events.at(-1).workflowExecutionTerminatedEventAttributes.reason, 'because');
});

scenario('workflow-failure', async (t) => {
  await t.withWorker(async () => {
    const handle = await t.start('failing', { args: ['boom', 'Special', true] });
    await t.assert.rejects(handle.result(), (e) => e.cause.message === 'boom' && e.cause.type === 'Special' && e.cause.nonRetryable === true);
  });
});

scenario('describe', async (t) => {
  const handle = await t.start('activityWith', { args: ['echo', { startToCloseTimeout: '1 minute', taskQueue: 'nowhere' }, 1], memo: { who: 'me' } });
  await t.withWorker(async () => {
    const d = await t.until(async () => {
      const d = await handle.describe();
      return d.raw.pendingActivities.length === 1 && d;
    }, 'the pending activity');
    t.assert.equal(d.type, 'activityWith');
    t.assert.equal(d.taskQueue, t.id);
    t.assert.equal(d.memo.who, 'me');
    t.assert.equal(d.raw.pendingActivities[0].activityType.name, 'echo');
    t.assert.equal(d.raw.pendingActivities[0].attempt, 1);
    await handle.terminate();
  });
});

scenario('unknown-workflow', async (t) => {
  const handle = t.client.workflow.getHandle('no-such-workflow');
  await t.assert.rejects(handle.describe(), (e) => e instanceof WorkflowNotFoundError);
  await t.assert.rejects(handle.signal('x'), (e) => e instanceof WorkflowNotFoundError);
  await t.assert.rejects(handle.terminate(), (e) => e instanceof WorkflowNotFoundError);
});

scenario('workflow-info', async (t) => {
  const info = await t.withWorker(async () => (await t.start('info', { memo: { a: 1 } })).result());
  t.assert.equal(info.id, t.id);
  t.assert.equal(info.ns, 'default');
  t.assert.equal(info.attempt, 1);
  t.assert.deepEqual(info.memo, { a: 1 });
});

scenario('start-delay', async (t) => {
  const started = Date.now();
  const handle = await t.start('hello', { args: ['later'], startDelay: '700ms' });
  await t.withWorker(() => handle.result());
  t.assert.ok(Date.now() - started >= 700, `after ${Date.now() - started} ms`);
});

scenario('start-delay-ended-by-signal', async (t) => {
  const handle = await t.start('collect', { args: [1], startDelay: '1 hour' });
  await handle.signal('push', 'now');
  t.assert.deepEqual(await t.withWorker(() => handle.result()), ['now']);
});

scenario('user-metadata', async (t) => {
  const handle = await t.start('waitForever', { staticSummary: 'a summary', staticDetails: 'the details' });
  const d = await handle.describe();
  t.assert.equal(await d.staticSummary(), 'a summary');
  t.assert.equal(await d.staticDetails(), 'the details');
  await handle.terminate();
});
