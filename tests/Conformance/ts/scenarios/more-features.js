// More of Temporal's public feature scenarios, in words of our own.
const { Client, WorkflowFailedError, WorkflowUpdateFailedError, WorkflowUpdateStage, QueryNotRegisteredError } = require('@temporalio/client');
const { Worker } = require('@temporalio/worker');

scenario('update-of-oneself-by-an-activity', async (t) => {
  const handle = await t.start('updateSelf');
  t.assert.deepEqual(await t.withWorker(() => handle.result()), { got: 'hello', answer: 'told hello' });
});

scenario('update-handler-with-a-bug-fails-the-task-not-the-update', async (t) => {
  const handle = await t.start('updateTaskFails', { workflowTaskTimeout: '1s' });
  await t.withWorker(async () => {
    t.assert.equal(await handle.executeUpdate('stumble', { args: [Date.now() + 2500] }), 'mended');
    t.assert.equal(await handle.result(), 'done');
  });
  const history = await t.history(handle);
  t.assert.ok(t.types(history).includes('WorkflowTaskFailed'));
  t.assert.equal(t.types(history).filter((x) => x === 'WorkflowExecutionUpdateAccepted').length, 1);
});

scenario('update-fails-with-type-and-details', async (t) => {
  const handle = await t.start('updateFails');
  await t.withWorker(async () => {
    await t.assert.rejects(handle.executeUpdate('refuse'), (e) => e instanceof WorkflowUpdateFailedError && e.cause.type === 'Refused' && e.cause.details[0].why === 'because');
    // Nothing of that kind ends the workflow.
    t.assert.equal((await handle.describe()).status.name, 'RUNNING');
    await handle.signal('finish');
    t.assert.equal(await handle.result(), 'done');
  });
});

scenario('update-outlives-its-worker', async (t) => {
  const handle = await t.start('updateFails');
  const update = await t.withWorker(() => handle.startUpdate('wait', { waitForStage: WorkflowUpdateStage.ACCEPTED, updateId: 'kept' }));
  await handle.signal('finish');
  await t.withWorker(async () => {
    t.assert.equal(await update.result(), 'waited');
    t.assert.equal(await handle.result(), 'done');
  });
  t.assert.equal(await handle.getUpdateHandle('kept').result(), 'waited');
});

scenario('update-of-an-unknown-name-is-rejected', async (t) => {
  const handle = await t.start('updatable');
  await t.withWorker(async () => {
    await t.assert.rejects(handle.executeUpdate('nothing'), (e) => e instanceof WorkflowUpdateFailedError);
    await handle.terminate();
  });
  t.assert.ok(!t.types(await t.history(handle)).some((x) => /Update/.test(x)));
});

scenario('updates-across-continue-as-new', async (t) => {
  const handle = await t.start('continueWithUpdate', { args: [1] });
  await t.withWorker(async () => {
    const newest = t.client.workflow.getHandle(t.id);
    t.assert.equal(await newest.executeUpdate('bump', { args: [1], updateId: 'a' }), '1:1');
    t.assert.equal(await newest.executeUpdate('bump', { args: [1], updateId: 'b' }), '1:2');
    await t.until(async () => (await newest.describe()).runId !== handle.firstExecutionRunId, 'the second run');
    // The id of an update belongs to one run.
    t.assert.equal(await newest.executeUpdate('bump', { args: [2], updateId: 'a' }), '2:2');
    t.assert.equal(await handle.result(), '2:2');
  });
});

scenario('signals-of-unknown-names-reach-the-default-handler', async (t) => {
  const handle = await t.start('dynamicHandlers');
  await handle.signal('one', 1);
  await handle.signal('two', 'x', { y: 2 });
  await handle.signal('three');
  t.assert.deepEqual(await t.withWorker(() => handle.result()), [['one', 1], ['two', 'x', { y: 2 }], ['three']]);
});

scenario('signals-that-come-while-it-closes-keep-it-open', async (t) => {
  const handle = await t.start('sleepUntilSignals', { args: [40] });
  await t.withWorker(async () => {
    await Promise.all(Array.from({ length: 40 }, () => handle.signal('tick')));
    t.assert.equal(await handle.result(), 40);
  });
  const signals = t.types(await t.history(handle)).filter((x) => x === 'WorkflowExecutionSignaled');
  t.assert.equal(signals.length, 40);
});

scenario('query-of-an-unknown-name-names-the-known-ones', async (t) => {
  const handle = await t.start('collect', { args: [1] });
  await t.withWorker(async () => {
    await t.assert.rejects(handle.query('nothing'), (e) => e instanceof QueryNotRegisteredError && /items/.test(e.message));
    await handle.terminate();
  });
});

scenario('child-abandoned-outlives-its-parent', async (t) => {
  const handle = await t.start('childAbandoned');
  await t.withWorker(async () => {
    const child = t.client.workflow.getHandle(await handle.result());
    t.assert.equal((await child.describe()).status.name, 'RUNNING');
    await child.terminate();
  });
});

for (const type of ['TRY_CANCEL', 'WAIT_CANCELLATION_COMPLETED', 'WAIT_CANCELLATION_REQUESTED', 'ABANDON']) {
  scenario(`child-cancel-${type.toLowerCase()}`, async (t) => {
    const handle = await t.start('cancelChildTry', { args: [type] });
    await t.withWorker(async () => {
      t.assert.equal(await handle.result(), 'cancelled');
      const child = t.client.workflow.getHandle(`${t.id}-child`);
      if (type === 'WAIT_CANCELLATION_COMPLETED') {
        await t.assert.rejects(child.result(), (e) => e instanceof WorkflowFailedError);
        t.assert.equal((await child.describe()).status.name, 'CANCELLED');
      }
    });
  });
}

scenario('worker-with-a-fixed-build-id-still-gets-its-tasks', async (t) => {
  const handle = await t.start('hello', { args: ['you'] });
  const worker = await t.worker({ buildId: 'build-1' });
  t.assert.equal(await worker.runUntil(handle.result()), 'hello you');
});

scenario('eager-start-falls-back-to-the-queue', async (t) => {
  const client = new Client({ connection: t.native });
  const handle = await client.workflow.start('hello', { taskQueue: t.id, workflowId: t.id, args: ['you'], requestEagerStart: true });
  t.assert.equal(await t.withWorker(() => handle.result()), 'hello you');
  t.assert.ok(!handle.eagerlyStarted);
});

scenario('replay-of-a-recorded-history', async (t) => {
  const handle = await t.start('mixed', { args: [3] });
  await t.withWorker(async () => {
    await handle.signal('push', 1);
    await handle.signal('push', 2);
    await handle.result();
  });
  const history = await handle.fetchHistory();
  const results = [];
  for await (const r of Worker.runReplayHistories({ workflowsPath: require.resolve('../workflows.js'), replayName: t.id }, [{ workflowId: t.id, history }])) results.push(r.error?.message);
  t.assert.deepEqual(results, [undefined]);
});
