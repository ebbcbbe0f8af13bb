const { WithStartWorkflowOperation, WorkflowUpdateFailedError, WorkflowUpdateStage, WorkflowNotFoundError } = require('@temporalio/client');
const { defineUpdate } = require('@temporalio/workflow');
const bump = defineUpdate('bump');

scenario('update-returns', async (t) => {
  const handle = await t.start('updatable');
  await t.withWorker(async () => {
    t.assert.equal(await handle.executeUpdate('bump', { args: [3] }), 3);
    t.assert.equal(await handle.executeUpdate('bump', { args: [4] }), 7);
    t.assert.equal(await handle.query('count'), 7);
    await handle.signal('finish');
    t.assert.equal(await handle.result(), 7);
  });
  const types = t.types(await t.history(handle));
  t.assert.equal(types.filter((x) => x === 'WorkflowExecutionUpdateAccepted').length, 2);
  t.assert.equal(types.filter((x) => x === 'WorkflowExecutionUpdateCompleted').length, 2);
});

scenario('update-rejected-leaves-no-event', async (t) => {
  const handle = await t.start('updatable');
  await t.withWorker(async () => {
    await t.assert.rejects(handle.executeUpdate('bump', { args: [-1] }), (e) => e instanceof WorkflowUpdateFailedError && /only upwards/.test(e.cause.message));
    await handle.signal('finish');
    t.assert.equal(await handle.result(), 0);
  });
  t.assert.ok(!t.types(await t.history(handle)).some((x) => /Update/.test(x)));
});

scenario('update-waits-for-accepted', async (t) => {
  const handle = await t.start('updatable');
  await t.withWorker(async () => {
    const update = await handle.startUpdate('slow', { args: [800], waitForStage: WorkflowUpdateStage.ACCEPTED, updateId: 'u1' });
    t.assert.equal(await update.result(), 'slept 800');
    // Asking again finds the same update.
    t.assert.equal(await handle.getUpdateHandle('u1').result(), 'slept 800');
    await handle.signal('finish');
    await handle.result();
  });
});

scenario('update-is-idempotent-by-id', async (t) => {
  const handle = await t.start('updatable');
  await t.withWorker(async () => {
    t.assert.equal(await handle.executeUpdate('bump', { args: [5], updateId: 'same' }), 5);
    t.assert.equal(await handle.executeUpdate('bump', { args: [5], updateId: 'same' }), 5);
    t.assert.equal(await handle.query('count'), 5);
    await handle.signal('finish');
    await handle.result();
  });
});

scenario('update-with-activity', async (t) => {
  const handle = await t.start('updatable');
  await t.withWorker(async () => {
    t.assert.equal(await handle.executeUpdate('viaActivity', { args: ['x'] }), 'x');
    await handle.terminate();
  });
});

scenario('updates-in-parallel', async (t) => {
  const handle = await t.start('updatable');
  await t.withWorker(async () => {
    await Promise.all(Array.from({ length: 8 }, () => handle.executeUpdate('bump', { args: [1] })));
    t.assert.equal(await handle.query('count'), 8);
    await handle.signal('finish');
    await handle.result();
  });
});

scenario('update-before-worker', async (t) => {
  const handle = await t.start('updatable');
  const pending = handle.executeUpdate('bump', { args: [2] });
  await t.delay(200);
  t.assert.equal(await t.withWorker(() => pending), 2);
  await handle.terminate();
});

scenario('update-closed-workflow', async (t) => {
  const handle = await t.start('hello', { args: ['x'] });
  await t.withWorker(() => handle.result());
  await t.assert.rejects(handle.executeUpdate('bump', { args: [1] }), (e) => e instanceof WorkflowNotFoundError);
});

scenario('update-outcome-when-workflow-closes', async (t) => {
  const handle = await t.start('updatable');
  await t.withWorker(async () => {
    const update = await handle.startUpdate('slow', { args: [60000], waitForStage: WorkflowUpdateStage.ACCEPTED });
    await handle.signal('finish');
    await handle.result();
    await t.assert.rejects(update.result(), (e) => /completed before the Update completed/.test(e.cause?.message ?? e.message));
  });
});

scenario('update-with-start', async (t) => {
  await t.withWorker(async () => {
    const begin = () => new WithStartWorkflowOperation('updatable', { workflowId: t.id, taskQueue: t.id, workflowIdConflictPolicy: 'USE_EXISTING' });
    t.assert.equal(await t.client.workflow.executeUpdateWithStart('bump', { startWorkflowOperation: begin(), args: [1] }), 1);
    const again = begin();
    t.assert.equal(await t.client.workflow.executeUpdateWithStart('bump', { startWorkflowOperation: again, args: [1] }), 2);
    await (await again.workflowHandle()).terminate();
  });
});

scenario('update-with-start-conflict', async (t) => {
  const handle = await t.start('updatable');
  const op = new WithStartWorkflowOperation('updatable', { workflowId: t.id, taskQueue: t.id, workflowIdConflictPolicy: 'FAIL' });
  await t.assert.rejects(t.client.workflow.executeUpdateWithStart('bump', { startWorkflowOperation: op, args: [1] }), (e) => e.name === 'WorkflowExecutionAlreadyStartedError');
  await handle.terminate();
});
