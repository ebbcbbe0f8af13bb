const { WorkflowContinuedAsNewError } = require('@temporalio/client');

scenario('continue-as-new', async (t) => {
  const handle = await t.start('countDown', { args: [3] });
  t.assert.equal(await t.withWorker(() => handle.result()), true);
  const first = t.client.workflow.getHandle(t.id, handle.firstExecutionRunId);
  t.assert.equal((await first.describe()).status.name, 'CONTINUED_AS_NEW');
});

scenario('workflow-retry', async (t) => {
  const handle = await t.start('retried', { args: [3], retry: { initialInterval: '50ms', maximumAttempts: 5 } });
  t.assert.equal(await t.withWorker(() => handle.result()), 3);
  const d = await t.client.workflow.getHandle(t.id, handle.firstExecutionRunId).describe();
  t.assert.equal(d.status.name, 'FAILED');
});

scenario('workflow-retry-exhausted', async (t) => {
  const handle = await t.start('retried', { args: [9], retry: { initialInterval: '20ms', maximumAttempts: 2 } });
  await t.withWorker(() => t.assert.rejects(handle.result(), (e) => e.cause.message === 'run attempt 2'));
});

scenario('run-timeout', async (t) => {
  const handle = await t.start('waitForever', { workflowRunTimeout: '400ms' });
  await t.withWorker(() => t.assert.rejects(handle.result(), (e) => e.cause.name === 'TimeoutFailure'));
  t.assert.equal((await handle.describe()).status.name, 'TIMED_OUT');
});

scenario('execution-timeout-spans-retries', async (t) => {
  const handle = await t.start('retried', { args: [99], workflowExecutionTimeout: '900ms', retry: { initialInterval: '200ms', backoffCoefficient: 1 } });
  await t.withWorker(() => t.assert.rejects(handle.result()));
});

scenario('run-timeout-is-retried', async (t) => {
  const handle = await t.start('waitForever', { workflowRunTimeout: '300ms', retry: { initialInterval: '20ms', maximumAttempts: 2 } });
  await t.withWorker(() => t.assert.rejects(handle.result(), (e) => e.cause.name === 'TimeoutFailure'));
  t.assert.notEqual((await handle.describe()).runId, handle.firstExecutionRunId);
});

scenario('cron', async (t) => {
  const handle = await t.start('lastResult', { cronSchedule: '@every 1s' });
  await t.withWorker(async () => {
    await t.until(async () => {
      const d = await t.client.workflow.getHandle(t.id).describe();
      return d.runId !== handle.firstExecutionRunId && d.historyLength >= 1;
    }, 'the second run');
    await t.client.workflow.getHandle(t.id).terminate();
  });
  const events = await t.history(t.client.workflow.getHandle(t.id, handle.firstExecutionRunId));
  t.assert.ok(events.at(-1).workflowExecutionCompletedEventAttributes.newExecutionRunId);
});

scenario('cron-invalid', async (t) => {
  await t.assert.rejects(t.start('hello', { cronSchedule: 'not a cron' }), (e) => /Invalid CronSchedule/.test(e.cause?.message ?? e.message));
});

scenario('versioned', async (t) => {
  t.assert.equal(await t.withWorker(async () => (await t.start('versioned')).result()), 'new');
});

scenario('side-effects-replay', async (t) => {
  await t.withWorker(async () => { t.assert.ok((await (await t.start('random')).result())[1]); }, { maxCachedWorkflows: 0 });
});

scenario('task-failure-and-recovery', async (t) => {
  const handle = await t.start('alwaysFailsTask');
  await t.withWorker(async () => {
    await t.until(async () => {
      const d = (await handle.describe()).raw;
      return d.pendingWorkflowTask && d.pendingWorkflowTask.attempt >= 2;
    }, 'a second attempt');
    const types = t.types(await t.history(handle));
    t.assert.equal(types.filter((x) => x === 'WorkflowTaskFailed').length, 1);
    t.assert.ok(types.at(-1) === 'WorkflowTaskFailed', 'later attempts leave no events');
    await handle.terminate();
  });
});

scenario('signals-during-a-task-are-buffered', async (t) => {
  const handle = await t.start('manySignals', { args: [60] });
  await t.withWorker(async () => {
    await Promise.all(Array.from({ length: 60 }, (_, i) => handle.signal('push', i)));
    t.assert.equal(await handle.result(), 60);
  });
  const events = await t.history(handle);
  t.assert.equal(t.types(events).filter((x) => x === 'WorkflowExecutionSignaled').length, 60);
});

scenario('long-history-in-pages', async (t) => {
  const handle = await t.start('spin', { args: [120] });
  t.assert.equal(await t.withWorker(() => handle.result(), { maxCachedWorkflows: 100 }), 120);
  // A worker that never saw the run fetches all of its history, page by page, to answer.
  t.assert.match(await t.withWorker(() => handle.query('__stack_trace'), { maxCachedWorkflows: 0 }), /^$/);
  const events = await t.history(handle);
  t.assert.equal(events.length, 3 + 120 * 6 + 2);
  const reverse = await t.service.getWorkflowExecutionHistoryReverse({ namespace: 'default', execution: { workflowId: t.id }, maximumPageSize: 10 });
  t.assert.equal(Number(reverse.history.events[0].eventId), events.length);
  t.assert.equal(reverse.history.events.length, 10);
  t.assert.ok(reverse.nextPageToken.length > 0);
});

scenario('sticky-worker-dies', async (t) => {
  const handle = await t.start('collect', { args: [2] });
  const first = await t.worker();
  const firstRun = first.run();
  await handle.signal('push', 1);
  await t.until(async () => (await handle.query('items')).length === 1, 'the first item');
  first.shutdown();
  await firstRun;
  await handle.signal('push', 2);
  t.assert.deepEqual(await t.withWorker(() => handle.result()), [1, 2]);
});

scenario('search-attributes-and-memo', async (t) => {
  await t.operator.addSearchAttributes({ namespace: 'default', searchAttributes: { CustomKeywordField: 2, CustomIntField: 3 } }).catch(() => {});
  await t.withWorker(async () => {
    const handle = await t.start('upsert', { searchAttributes: { CustomKeywordField: ['first'] }, memo: { note: 'first', gone: 1 } });
    const r = await handle.result();
    t.assert.deepEqual(r.sa.CustomKeywordField, ['changed']);
    const d = await handle.describe();
    t.assert.deepEqual(d.searchAttributes, { CustomKeywordField: ['changed'], CustomIntField: [42] });
    t.assert.deepEqual(d.memo, { note: 'changed' });
    const found = [];
    for await (const w of t.client.workflow.list({ query: `CustomIntField = 42 AND WorkflowId = '${t.id}'` })) found.push(w.workflowId);
    t.assert.deepEqual(found, [t.id]);
  });
});

scenario('unknown-search-attribute', async (t) => {
  await t.assert.rejects(t.start('hello', { searchAttributes: { Nonsense: ['x'] } }), (e) => /no mapping defined for search attribute Nonsense/.test(e.cause?.message ?? e.message));
});
