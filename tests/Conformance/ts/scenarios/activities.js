const { temporal } = require('@temporalio/proto');
const { AsyncCompletionClient } = require('@temporalio/client');
const { taskTokens } = require('../activities');

const run = (t, ...args) => t.withWorker(async () => (await t.start('activityWith', { args })).result());

scenario('activity-retries', async (t) => {
  const handle = await t.start('flakyActivity', { args: [2] });
  t.assert.equal(await t.withWorker(() => handle.result()), 3);
  const events = await t.history(handle);
  const started = events.filter((e) => e.activityTaskStartedEventAttributes);
  t.assert.equal(started.length, 1, 'retries never enter history');
  t.assert.equal(started[0].activityTaskStartedEventAttributes.attempt, 3);
  t.assert.equal(started[0].activityTaskStartedEventAttributes.lastFailure.message, 'attempt 2');
});

scenario('activity-maximum-attempts', async (t) => {
  const { chain } = await run(t, 'failWith', { startToCloseTimeout: '5s', retry: { maximumAttempts: 2, initialInterval: '20ms' } }, 'no', 'Bad', false);
  t.assert.equal(chain[0].retryState, 'MAXIMUM_ATTEMPTS_REACHED');
  t.assert.deepEqual(chain[1].details, ['detail', 7]);
});

scenario('activity-non-retryable', async (t) => {
  const { chain } = await run(t, 'failWith', { startToCloseTimeout: '5s' }, 'no', 'Bad', true);
  t.assert.equal(chain[0].retryState, 'NON_RETRYABLE_FAILURE');
});

scenario('activity-non-retryable-type', async (t) => {
  const { chain } = await run(t, 'failWith', { startToCloseTimeout: '5s', retry: { nonRetryableErrorTypes: ['Bad'] } }, 'no', 'Bad', false);
  t.assert.equal(chain[0].retryState, 'NON_RETRYABLE_FAILURE');
});

scenario('activity-next-retry-delay', async (t) => {
  const started = Date.now();
  const { result } = await run(t, 'failWith', { startToCloseTimeout: '5s', retry: { initialInterval: '1 hour' } }, 'no', 'Bad', false, '600ms');
  t.assert.equal(result, 2);
  t.assert.ok(Date.now() - started >= 600);
});

scenario('activity-start-to-close', async (t) => {
  const { chain } = await run(t, 'hang', { startToCloseTimeout: '300ms', retry: { maximumAttempts: 1 } }, 3000);
  t.assert.equal(chain[1].timeoutType, 'START_TO_CLOSE');
  t.assert.equal(chain[0].retryState, 'MAXIMUM_ATTEMPTS_REACHED');
});

scenario('activity-schedule-to-start', async (t) => {
  const { chain } = await run(t, 'echo', { scheduleToStartTimeout: '300ms', startToCloseTimeout: '5s', taskQueue: 'nobody' }, 1);
  t.assert.equal(chain[1].timeoutType, 'SCHEDULE_TO_START');
});

scenario('activity-schedule-to-close', async (t) => {
  const { chain } = await run(t, 'failWith', { scheduleToCloseTimeout: '700ms', retry: { initialInterval: '200ms' } }, 'no', 'Bad', false);
  t.assert.equal(chain[0].retryState, 'TIMEOUT');
});

scenario('activity-schedule-to-close-no-worker', async (t) => {
  const { chain } = await run(t, 'echo', { scheduleToCloseTimeout: '300ms', taskQueue: 'nobody' }, 1);
  t.assert.ok(['SCHEDULE_TO_CLOSE', 'SCHEDULE_TO_START'].includes(chain[1].timeoutType));
});

scenario('activity-heartbeat-timeout', async (t) => {
  const { chain } = await run(t, 'hang', { startToCloseTimeout: '20s', heartbeatTimeout: '400ms', retry: { maximumAttempts: 1 } }, 3000);
  t.assert.equal(chain[1].timeoutType, 'HEARTBEAT');
});

scenario('activity-resumes-from-heartbeat', async (t) => {
  const { result } = await run(t, 'resumeFromHeartbeat', { startToCloseTimeout: '20s', heartbeatTimeout: '300ms', retry: { initialInterval: '20ms' } });
  t.assert.equal(result, 42);
});

scenario('activity-failure-carries-heartbeat', async (t) => {
  const { result } = await run(t, 'failAfterHeartbeat', { startToCloseTimeout: '20s', heartbeatTimeout: '5s', retry: { initialInterval: '20ms' } });
  t.assert.equal(result, 'progress');
});

scenario('activity-cancel-by-heartbeat', async (t) => {
  const result = await t.withWorker(async () => (await t.start('cancelActivity', { args: ['WAIT_CANCELLATION_COMPLETED', 'beatUntilCancelled'] })).result());
  t.assert.equal(result.cancelled, true);
});

scenario('activity-ignores-cancel', async (t) => {
  const result = await t.withWorker(async () => (await t.start('cancelActivity', { args: ['WAIT_CANCELLATION_COMPLETED', 'ignoreCancel'] })).result());
  t.assert.equal(result.result, 'ignored');
});

scenario('activity-try-cancel', async (t) => {
  const result = await t.withWorker(async () => (await t.start('cancelActivity', { args: ['TRY_CANCEL', 'beatUntilCancelled'] })).result());
  t.assert.equal(result.cancelled, true);
});

scenario('activity-abandon', async (t) => {
  const result = await t.withWorker(async () => (await t.start('cancelActivity', { args: ['ABANDON', 'beatUntilCancelled'] })).result());
  t.assert.equal(result.cancelled, true);
});

scenario('activity-cancel-before-start', async (t) => {
  const handle = await t.start('cancelUnstarted');
  t.assert.equal(await t.withWorker(() => handle.result()), 'cancelled');
  const types = t.types(await t.history(handle));
  t.assert.ok(types.includes('ActivityTaskCanceled') && !types.includes('ActivityTaskStarted'));
});

scenario('activity-async-completion', async (t) => {
  const client = new AsyncCompletionClient({ connection: t.connection });
  const result = await t.withWorker(async () => {
    const handle = await t.start('activityWith', { args: ['completeAsync', { startToCloseTimeout: '20s' }] });
    const token = await t.until(() => taskTokens.get(t.id), 'the task token');
    await client.heartbeat(Uint8Array.from(Buffer.from(token, 'base64')), 'still here');
    await client.complete(Uint8Array.from(Buffer.from(token, 'base64')), 'by token');
    return await handle.result();
  });
  t.assert.equal(result.result, 'by token');
});

scenario('activity-complete-by-id', async (t) => {
  const client = new AsyncCompletionClient({ connection: t.connection });
  const result = await t.withWorker(async () => {
    const handle = await t.start('activityWith', { args: ['completeAsync', { startToCloseTimeout: '20s', activityId: 'by-id' }] });
    await t.until(() => taskTokens.get(t.id), 'the task token');
    await client.complete({ workflowId: t.id, activityId: 'by-id' }, 'by id');
    return await handle.result();
  });
  t.assert.equal(result.result, 'by id');
});

scenario('activity-fail-by-id', async (t) => {
  const client = new AsyncCompletionClient({ connection: t.connection });
  const result = await t.withWorker(async () => {
    const handle = await t.start('activityWith', { args: ['completeAsync', { startToCloseTimeout: '20s', activityId: 'x', retry: { maximumAttempts: 1 } }] });
    await t.until(() => taskTokens.get(t.id), 'the task token');
    await client.fail({ workflowId: t.id, activityId: 'x' }, new Error('from outside'));
    return await handle.result();
  });
  t.assert.equal(result.chain[1].message, 'from outside');
});

scenario('activity-info', async (t) => {
  const { result } = await run(t, 'info', { startToCloseTimeout: '5s', activityId: 'mine' });
  t.assert.deepEqual(result, { attempt: 1, activityId: 'mine', type: 'info', queue: t.id, ns: 'default', workflowType: 'activityWith' });
});

scenario('activity-unknown-type-is-retried', async (t) => {
  await t.withWorker(async () => {
    const handle = await t.start('activityWith', { args: ['doesNotExist', { startToCloseTimeout: '5s', retry: { maximumAttempts: 2, initialInterval: '20ms' } }] });
    const { chain } = await handle.result();
    t.assert.match(chain[1].message, /doesNotExist/);
  });
});

scenario('activity-stale-token', async (t) => {
  const token = Buffer.from(temporal.api.common.v1.WorkflowExecution.encode({ workflowId: 'x' }).finish());
  await t.assert.rejects(t.service.respondActivityTaskCompleted({ namespace: 'default', taskToken: token }), (e) => e.code === 3);
  await t.assert.rejects(t.service.respondActivityTaskCompleted({ namespace: 'default', taskToken: Buffer.from('garbage') }), (e) => e.code === 3);
  await t.assert.rejects(t.service.respondWorkflowTaskCompleted({ namespace: 'default', taskToken: Buffer.alloc(0) }), (e) => e.code === 3);
});

scenario('local-activity', async (t) => {
  const handle = await t.start('localActivity', { args: ['v'] });
  t.assert.equal(await t.withWorker(() => handle.result()), 'v');
  t.assert.ok(t.types(await t.history(handle)).includes('MarkerRecorded'));
});

scenario('local-activity-retries', async (t) => {
  t.assert.equal(await t.withWorker(async () => (await t.start('localFlaky', { args: [2] })).result()), 3);
});

scenario('local-activity-heartbeats-the-task', async (t) => {
  const handle = await t.start('longLocal', { args: [9000], workflowTaskTimeout: '5s' });
  t.assert.equal(await t.withWorker(() => handle.result()), 'late');
  const types = t.types(await t.history(handle));
  t.assert.ok(types.filter((x) => x === 'WorkflowTaskCompleted').length > 2);
  t.assert.ok(!types.includes('WorkflowTaskTimedOut'));
});

scenario('activity-result-too-large', async (t) => {
  const { chain } = await run(t, 'big', { startToCloseTimeout: '10s', retry: { maximumAttempts: 1 } }, 2200000);
  t.assert.match(JSON.stringify(chain), /exceeds size limit|too large|exceeded the error limit/i);
});
