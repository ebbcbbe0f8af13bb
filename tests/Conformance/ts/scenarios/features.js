// After Temporal's public feature scenarios, in words of our own.
const { WorkflowFailedError, ScheduleOverlapPolicy } = require('@temporalio/client');

scenario('query-without-worker-times-out', async (t) => {
  const handle = await t.start('collect', { args: [1] });
  await t.withWorker(() => t.until(async () => (await t.history(handle)).length >= 4, 'the first task'));
  await t.assert.rejects(t.connection.withDeadline(Date.now() + 1500, () => handle.query('items')), (e) => /DEADLINE_EXCEEDED/.test(e.message + e.cause?.message));
  await handle.terminate();
});

scenario('query-before-any-task-waits', async (t) => {
  const handle = await t.start('collect', { args: [1] });
  const asked = handle.query('items');
  await t.delay(100);
  t.assert.deepEqual(await t.withWorker(() => asked), []);
  await handle.terminate();
});

scenario('query-while-the-task-keeps-failing', async (t) => {
  const handle = await t.start('alwaysFailsTask', { workflowTaskTimeout: '1s' });
  await t.withWorker(async () => {
    await t.until(async () => (await handle.describe()).raw.pendingWorkflowTask?.attempt >= 3, 'three attempts');
    await t.assert.rejects(handle.query('__stack_trace'), (e) => /Workflow Task in failed state/.test(e.message + e.cause?.message));
    await handle.terminate();
  });
});

scenario('query-after-the-sticky-worker-died', async (t) => {
  const handle = await t.start('collect', { args: [5] });
  await handle.signal('push', 'x');
  const first = await t.worker();
  const running = first.run();
  await t.until(async () => (await handle.query('items')).length === 1, 'the first item');
  first.shutdown();
  await running;
  t.assert.deepEqual(await t.withWorker(() => handle.query('items')), ['x']);
  await handle.terminate();
});

scenario('signals-keep-their-order', async (t) => {
  const handle = await t.start('collect', { args: [30] });
  for (let i = 0; i < 30; i++) await handle.signal('push', i);
  t.assert.deepEqual(await t.withWorker(() => handle.result()), Array.from({ length: 30 }, (_, i) => i));
});

scenario('cancel-before-the-first-task', async (t) => {
  const handle = await t.start('waitForever');
  await handle.cancel();
  await handle.cancel();
  await t.withWorker(() => t.assert.rejects(handle.result(), (e) => e instanceof WorkflowFailedError && e.cause.name === 'CancelledFailure'));
  t.assert.equal(t.types(await t.history(handle)).filter((x) => x === 'WorkflowExecutionCancelRequested').length, 1);
});

scenario('handle-is-bound-to-its-chain', async (t) => {
  const first = await t.start('waitForever');
  await first.terminate();
  await t.start('waitForever');
  const stale = t.client.workflow.getHandle(t.id, undefined, { firstExecutionRunId: first.firstExecutionRunId });
  await t.assert.rejects(stale.terminate(), (e) => e.name === 'WorkflowNotFoundError');
  await t.client.workflow.getHandle(t.id).terminate();
});

scenario('continue-as-new-keeps-memo-and-attributes', async (t) => {
  await t.operator.addSearchAttributes({ namespace: 'default', searchAttributes: { KeptField: 2 } }).catch((e) => { if (e.code !== 6) throw e; });
  const handle = await t.start('countDown', { args: [1], memo: { kept: true }, searchAttributes: { KeptField: ['yes'] } });
  await t.withWorker(() => handle.result());
  const d = await t.client.workflow.getHandle(t.id).describe();
  t.assert.notEqual(d.runId, handle.firstExecutionRunId);
  t.assert.deepEqual([d.memo.kept, d.searchAttributes.KeptField], [true, ['yes']]);
});

scenario('binary-and-empty-payloads', async (t) => {
  await t.withWorker(async () => {
    t.assert.equal(await (await t.start('oneActivity', { args: [undefined] })).result(), undefined);
    t.assert.equal(await (await t.start('oneActivity', { args: [null] })).result(), null);
    const bytes = await (await t.start('oneActivity', { args: [new Uint8Array([0, 255, 7])] })).result();
    t.assert.deepEqual([...bytes], [0, 255, 7]);
  });
});

scenario('result-follows-the-chain', async (t) => {
  const handle = await t.start('countDown', { args: [2] });
  const waiting = handle.result();
  t.assert.equal(await t.withWorker(() => waiting), true);
  await t.assert.rejects(t.client.workflow.getHandle(t.id, handle.firstExecutionRunId, { followRuns: false }).result(), (e) => /ContinuedAsNewError$/.test(e.name));
});

scenario('many-workflows-at-once', async (t) => {
  await t.withWorker(async () => {
    const handles = await Promise.all(Array.from({ length: 60 }, (_, i) => t.client.workflow.start('threeActivities', { taskQueue: t.id, workflowId: `${t.id}-${i}` })));
    t.assert.deepEqual(await Promise.all(handles.map((h) => h.result())), handles.map(() => 3));
  });
});

scenario('two-workers-share-a-queue', async (t) => {
  // The SDK's core wants a connection of its own for a second worker on one queue.
  const connection = await require('@temporalio/worker').NativeConnection.connect({ address: t.address });
  const second = await t.worker({ identity: 'second', connection });
  const running = second.run();
  await t.withWorker(async () => {
    const handles = await Promise.all(Array.from({ length: 20 }, (_, i) => t.client.workflow.start('parallelActivities', { taskQueue: t.id, workflowId: `${t.id}-${i}`, args: [5] })));
    t.assert.deepEqual(await Promise.all(handles.map((h) => h.result())), handles.map(() => 10));
  }, { identity: 'first' });
  second.shutdown();
  await running;
});

scenario('worker-replaced-in-the-middle', async (t) => {
  const handle = await t.start('spin', { args: [40] });
  for (let i = 0; i < 3; i++) await t.withWorker(() => t.delay(300));
  t.assert.equal(await t.withWorker(() => handle.result()), 40);
});

scenario('schedule-backfill-buffers-all', async (t) => {
  const s = await t.client.schedule.create({
    scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, state: { paused: true },
    action: { type: 'startWorkflow', workflowType: 'hello', args: ['b'], taskQueue: t.id, workflowId: t.id },
  });
  await t.withWorker(async () => {
    await s.backfill({ start: new Date('2024-05-01T00:00:00Z'), end: new Date('2024-05-01T06:00:00Z'), overlap: ScheduleOverlapPolicy.BUFFER_ALL });
    await t.until(async () => (await s.describe()).info.numActionsTaken === 6, 'six runs, one after the other');
  });
  await s.delete();
});

scenario('terminated-parent-ends-grandchildren', async (t) => {
  await t.withWorker(async () => {
    const parent = await t.start('parent', { args: ['parent', ['waitForever', [], { workflowId: t.id + '-gc' }], { workflowId: t.id + '-c' }] });
    const grandchild = t.client.workflow.getHandle(t.id + '-gc');
    await t.until(() => grandchild.describe().then(() => true, () => false), 'the grandchild');
    await parent.terminate();
    await t.until(async () => (await grandchild.describe()).status.name === 'TERMINATED', 'the grandchild to end');
  });
});

scenario('reset-with-a-child-open', async (t) => {
  await t.withWorker(async () => {
    const handle = await t.start('parent', { args: ['collect', [1], { workflowId: t.id + '-c' }] });
    const child = t.client.workflow.getHandle(t.id + '-c');
    await t.until(() => child.describe().then(() => true, () => false), 'the child');
    const events = await t.until(async () => { const e = await t.history(handle); return e.filter((x) => x.workflowTaskCompletedEventAttributes).length >= 2 && e; }, 'the task after the start of the child');
    const last = events.filter((e) => e.workflowTaskCompletedEventAttributes).at(-1);
    const { runId } = await t.service.resetWorkflowExecution({
      namespace: 'default', workflowExecution: { workflowId: t.id }, reason: 'x', workflowTaskFinishEventId: last.eventId, requestId: t.id,
    });
    await child.signal('push', 'after the reset');
    t.assert.deepEqual(await t.client.workflow.getHandle(t.id, runId).result(), ['after the reset']);
  });
});
