scenario('child-result', async (t) => {
  t.assert.equal(await t.withWorker(async () => (await t.start('parent', { args: ['hello', ['child']] })).result()), 'hello child');
});

scenario('child-failure', async (t) => {
  const r = await t.withWorker(async () => (await t.start('parentOf', { args: ['failing', ['child broke']] })).result());
  t.assert.equal(r.name, 'ChildWorkflowFailure');
  t.assert.equal(r.message, 'child broke');
});

scenario('child-timeout', async (t) => {
  const r = await t.withWorker(async () => (await t.start('parentOf', { args: ['waitForever', [], { workflowRunTimeout: '500ms' }] })).result());
  t.assert.equal(r.cause, 'TimeoutFailure');
});

scenario('child-already-exists', async (t) => {
  const other = await t.client.workflow.start('waitForever', { taskQueue: t.id, workflowId: t.id + '-taken' });
  const r = await t.withWorker(async () => (await t.start('parentOf', { args: ['hello', ['x'], { workflowId: t.id + '-taken' }] })).result());
  t.assert.equal(r.name, 'WorkflowExecutionAlreadyStartedError');
  await other.terminate();
});

scenario('child-signalled', async (t) => {
  t.assert.deepEqual(await t.withWorker(async () => (await t.start('signalChild')).result()), ['from parent']);
});

scenario('child-cancelled-by-scope', async (t) => {
  t.assert.equal(await t.withWorker(async () => (await t.start('cancelChild')).result()), 'cancelled');
});

scenario('child-continues-as-new', async (t) => {
  t.assert.equal(await t.withWorker(async () => (await t.start('parent', { args: ['countDown', [2]] })).result()), true);
});

scenario('child-retried', async (t) => {
  t.assert.equal(await t.withWorker(async () => (await t.start('parent', { args: ['retried', [3], { retry: { initialInterval: '50ms', maximumAttempts: 5 } }] })).result()), 3);
});

scenario('child-terminated-tells-parent', async (t) => {
  await t.withWorker(async () => {
    const parent = await t.start('parentOf', { args: ['waitForever', [], { workflowId: t.id + '-c' }] });
    const child = t.client.workflow.getHandle(t.id + '-c');
    await t.until(() => child.describe().then(() => true, () => false), 'the child');
    await child.terminate();
    t.assert.equal((await parent.result()).cause, 'TerminatedFailure');
  });
});

for (const [policy, status] of [['TERMINATE', 'TERMINATED'], ['ABANDON', 'RUNNING'], ['REQUEST_CANCEL', 'CANCELLED']]) {
  scenario(`parent-close-${policy.toLowerCase().replace('_', '-')}`, async (t) => {
    await t.withWorker(async () => {
      const parent = await t.start('startChildAndLeave', { args: ['waitForever', [], { workflowId: t.id + '-c', parentClosePolicy: policy }] });
      await parent.result();
      const child = t.client.workflow.getHandle(t.id + '-c');
      await t.until(async () => (await child.describe()).status.name === status, `the child to be ${status}`);
      if (status === 'RUNNING') await child.terminate();
    });
  });
}

scenario('signal-external', async (t) => {
  await t.withWorker(async () => {
    const target = await t.client.workflow.start('collect', { taskQueue: t.id, workflowId: t.id + '-t', args: [1] });
    t.assert.equal(await (await t.start('signalExternal', { args: [t.id + '-t', 'hi'] })).result(), 'sent');
    t.assert.deepEqual(await target.result(), ['hi']);
  });
});

scenario('signal-external-not-found', async (t) => {
  t.assert.match(await t.withWorker(async () => (await t.start('signalExternal', { args: ['nobody-home', 'hi'] })).result()), /Unable to signal external workflow|not found/i);
});

scenario('cancel-external', async (t) => {
  await t.withWorker(async () => {
    const target = await t.client.workflow.start('waitForever', { taskQueue: t.id, workflowId: t.id + '-t' });
    t.assert.equal(await (await t.start('cancelExternal', { args: [t.id + '-t'] })).result(), 'sent');
    await t.assert.rejects(target.result(), (e) => e.cause.name === 'CancelledFailure');
  });
});

scenario('cancel-external-not-found', async (t) => {
  t.assert.match(await t.withWorker(async () => (await t.start('cancelExternal', { args: ['nobody-home'] })).result()), /not found|Unable to cancel/i);
});

scenario('child-root-and-parent', async (t) => {
  await t.withWorker(async () => {
    const info = await (await t.start('parent', { args: ['info', [], { memo: { from: 'parent' } }] })).result();
    t.assert.equal(info.parent, t.id);
    t.assert.equal(info.root, t.id);
    t.assert.deepEqual(info.memo, { from: 'parent' });
  });
});
