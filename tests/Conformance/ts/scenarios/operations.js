scenario('reset-to-workflow-task', async (t) => {
  await t.withWorker(async () => {
    const handle = await t.start('collect', { args: [3] });
    await handle.signal('push', 'a');
    await handle.signal('push', 'b');
    await t.until(async () => (await handle.query('items')).length === 2, 'two items');
    const events = await t.history(handle);
    const point = events.find((e) => e.workflowTaskCompletedEventAttributes);
    const { runId } = await t.service.resetWorkflowExecution({
      namespace: 'default', workflowExecution: { workflowId: t.id }, reason: 'again', workflowTaskFinishEventId: point.eventId, requestId: t.id,
    });
    t.assert.notEqual(runId, handle.firstExecutionRunId);
    const again = await t.service.resetWorkflowExecution({
      namespace: 'default', workflowExecution: { workflowId: t.id }, reason: 'again', workflowTaskFinishEventId: point.eventId, requestId: t.id,
    });
    t.assert.equal(again.runId, runId, 'the same request resets once');
    t.assert.equal((await t.client.workflow.getHandle(t.id, handle.firstExecutionRunId).describe()).status.name, 'TERMINATED');
    const next = t.client.workflow.getHandle(t.id, runId);
    await t.until(async () => (await next.query('items')).length === 2, 'the signals to be applied again');
    await next.signal('push', 'c');
    t.assert.deepEqual(await next.result(), ['a', 'b', 'c']);
    const types = t.types(await t.history(next));
    t.assert.ok(types.includes('WorkflowTaskFailed'));
  });
});

scenario('reset-closed-run-repeats-from-activity', async (t) => {
  await t.withWorker(async () => {
    const handle = await t.start('threeActivities');
    t.assert.equal(await handle.result(), 3);
    const events = await t.history(handle);
    const points = events.filter((e) => e.workflowTaskCompletedEventAttributes);
    const { runId } = await t.service.resetWorkflowExecution({
      namespace: 'default', workflowExecution: { workflowId: t.id, runId: handle.firstExecutionRunId }, reason: 'redo', workflowTaskFinishEventId: points[1].eventId, requestId: t.id,
    });
    t.assert.equal(await t.client.workflow.getHandle(t.id, runId).result(), 3);
  });
});

scenario('reset-excludes-signals', async (t) => {
  await t.withWorker(async () => {
    const handle = await t.start('collect', { args: [1] });
    await t.until(async () => (await t.history(handle)).length >= 4, 'the first task');
    await handle.signal('push', 'a');
    await handle.result();
    const point = (await t.history(handle)).find((e) => e.workflowTaskCompletedEventAttributes);
    const { runId } = await t.service.resetWorkflowExecution({
      namespace: 'default', workflowExecution: { workflowId: t.id }, reason: 'x', workflowTaskFinishEventId: point.eventId, requestId: t.id, resetReapplyExcludeTypes: [1],
    });
    const next = t.client.workflow.getHandle(t.id, runId);
    t.assert.deepEqual(await next.query('items'), []);
    await next.terminate();
  });
});

scenario('reset-bad-point', async (t) => {
  const handle = await t.start('waitForever');
  for (const id of [0, 1, 99]) {
    await t.assert.rejects(t.service.resetWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId: t.id }, workflowTaskFinishEventId: id, requestId: 'r' }), (e) => e.code === 3);
  }
  await handle.terminate();
});

scenario('batch-signal-terminate-delete', async (t) => {
  for (let i = 0; i < 45; i++) await t.client.workflow.start('collect', { taskQueue: t.id, workflowId: `${t.id}-${i}`, args: [1] });
  const query = `WorkflowId STARTS_WITH '${t.id}'`;
  const run = async (jobId, operation) => {
    await t.service.startBatchOperation({ namespace: 'default', jobId, visibilityQuery: query, reason: 'test', ...operation });
    return await t.until(async () => {
      const d = await t.service.describeBatchOperation({ namespace: 'default', jobId });
      return d.state === 2 && d;
    }, `batch ${jobId}`);
  };
  const signalled = await run(`${t.id}-s`, { signalOperation: { signal: 'push', identity: 'me' } });
  t.assert.equal(Number(signalled.totalOperationCount), 45);
  t.assert.equal(Number(signalled.completeOperationCount), 45);
  const events = await t.history(t.client.workflow.getHandle(`${t.id}-7`));
  t.assert.ok(t.types(events).includes('WorkflowExecutionSignaled'));
  await run(`${t.id}-t`, { terminationOperation: { identity: 'me' } });
  t.assert.equal(Number((await t.client.workflow.count(`${query} AND ExecutionStatus = 'Terminated'`)).count), 45);
  await run(`${t.id}-d`, { deletionOperation: { identity: 'me' } });
  t.assert.equal(Number((await t.client.workflow.count(query)).count), 0);
  const all = await t.service.listBatchOperations({ namespace: 'default' });
  t.assert.ok(all.operationInfo.filter((o) => o.jobId.startsWith(t.id)).length === 3);
  await t.assert.rejects(t.service.startBatchOperation({ namespace: 'default', jobId: 'x', visibilityQuery: query }), (e) => e.code === 3);
});

scenario('batch-cancel-and-reset', async (t) => {
  await t.withWorker(async () => {
    for (let i = 0; i < 5; i++) await (await t.client.workflow.start('oneActivity', { taskQueue: t.id, workflowId: `${t.id}-${i}`, args: [i] })).result();
    const query = `WorkflowId STARTS_WITH '${t.id}'`;
    await t.service.startBatchOperation({ namespace: 'default', jobId: t.id, visibilityQuery: query, reason: 'test', resetOperation: { identity: 'me', options: { firstWorkflowTask: {} } } });
    await t.until(async () => Number((await t.client.workflow.count(`${query} AND ExecutionStatus = 'Completed'`)).count) === 10, 'every workflow twice');
  });
});

scenario('task-queue-describe', async (t) => {
  const handle = await t.start('hello', { args: ['x'] });
  const before = await t.service.describeTaskQueue({ namespace: 'default', taskQueue: { name: t.id }, taskQueueType: 1, reportStats: true });
  t.assert.equal(Number(before.stats.approximateBacklogCount), 1);
  t.assert.equal(before.pollers.length, 0);
  await t.withWorker(async () => {
    await handle.result();
    const d = await t.service.describeTaskQueue({ namespace: 'default', taskQueue: { name: t.id }, taskQueueType: 1, reportStats: true });
    t.assert.equal(Number(d.stats.approximateBacklogCount), 0);
    t.assert.ok(d.pollers[0].identity.length > 0);
  });
});

scenario('system-info', async (t) => {
  const info = await t.service.getSystemInfo({});
  t.assert.equal(info.capabilities.upsertMemo, true);
  t.assert.equal(info.capabilities.nexus, false);
  t.assert.ok((await t.service.getClusterInfo({})).serverVersion);
  t.assert.equal((await t.connection.healthService.check({})).status, 1);
});

scenario('not-implemented', async (t) => {
  await t.assert.rejects(t.service.listWorkerDeployments({ namespace: 'default' }), (e) => e.code === 12 && /ListWorkerDeployments/.test(e.details));
});

scenario('oversized-payload', async (t) => {
  await t.assert.rejects(
    t.service.startWorkflowExecution({
      namespace: 'default', workflowId: t.id, workflowType: { name: 'x' }, taskQueue: { name: 'q' }, requestId: 'r',
      input: { payloads: [{ data: Buffer.alloc(2200000) }] },
    }),
    (e) => e.code === 3 && /Blob data size exceeds limit/.test(e.details),
  );
});

scenario('request-ids-of-signals', async (t) => {
  const handle = await t.start('collect', { args: [9] });
  for (let i = 0; i < 3; i++) {
    await t.service.signalWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId: t.id }, signalName: 'push', requestId: 'same' });
  }
  t.assert.equal(t.types(await t.history(handle)).filter((x) => x === 'WorkflowExecutionSignaled').length, 1);
  await handle.terminate();
});

scenario('long-poll-for-history', async (t) => {
  const handle = await t.start('collect', { args: [9] });
  let token;
  const first = await t.service.getWorkflowExecutionHistory({ namespace: 'default', execution: { workflowId: t.id }, waitNewEvent: true });
  token = first.nextPageToken;
  const waiting = t.service.getWorkflowExecutionHistory({ namespace: 'default', execution: { workflowId: t.id }, waitNewEvent: true, nextPageToken: token });
  await t.delay(100);
  await handle.signal('push', 1);
  const next = await waiting;
  t.assert.equal(next.history.events[0].workflowExecutionSignaledEventAttributes.signalName, 'push');
  await handle.terminate();
});
