const { ScheduleOverlapPolicy, ScheduleNotFoundError, ScheduleAlreadyRunning } = require('@temporalio/client');
const action = (t, type = 'hello', args = ['s']) => ({ type: 'startWorkflow', workflowType: type, args, taskQueue: t.id, workflowId: t.id });

scenario('schedule-triggers-and-runs', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1s' }] }, action: action(t) });
  await t.withWorker(async () => {
    await t.until(async () => (await s.describe()).info.numActionsTaken >= 2, 'two actions');
    const d = await s.describe();
    t.assert.ok(d.info.recentActions[0].action.workflow.workflowId.startsWith(t.id + '-'));
    t.assert.ok(d.info.nextActionTimes.length >= 5);
    const run = t.client.workflow.getHandle(d.info.recentActions[0].action.workflow.workflowId);
    t.assert.equal(await run.result(), 'hello s');
    t.assert.equal((await run.describe()).searchAttributes.TemporalScheduledById[0], t.id);
  });
  await s.delete();
  await t.assert.rejects(s.describe(), (e) => e instanceof ScheduleNotFoundError);
});

scenario('schedule-describe-round-trip', async (t) => {
  const s = await t.client.schedule.create({
    scheduleId: t.id,
    spec: {
      calendars: [{ hour: [{ start: 2, end: 20, step: 6 }], minute: 30, dayOfWeek: ['MONDAY', 'FRIDAY'], comment: 'work' }],
      intervals: [{ every: '5h', offset: '17m' }],
      cronExpressions: ['0 12 * * MON-FRI'],
      skip: [{ month: 'DECEMBER', dayOfMonth: 25 }],
      timezone: 'Europe/Berlin',
      jitter: '30s',
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: '2h', pauseOnFailure: true },
    state: { paused: true, note: 'not yet', remainingActions: 7 },
    action: action(t),
    memo: { a: 'b' },
  });
  const d = await s.describe();
  t.assert.equal(d.spec.calendars.length, 2, 'the cron string has become a calendar');
  t.assert.equal(d.spec.timezone, 'Europe/Berlin');
  t.assert.equal(d.policies.overlap, 'BUFFER_ONE');
  t.assert.equal(d.state.paused, true);
  t.assert.equal(d.state.remainingActions, 7);
  t.assert.equal(d.memo.a, 'b');
  await s.delete();
});

scenario('schedule-pause-unpause-trigger', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, action: action(t) });
  await s.pause('for now');
  t.assert.equal((await s.describe()).state.note, 'for now');
  t.assert.equal((await s.describe()).state.paused, true);
  await s.trigger();
  t.assert.equal((await s.describe()).info.numActionsTaken, 1);
  await s.unpause('go on');
  t.assert.equal((await s.describe()).state.paused, false);
  await s.delete();
});

scenario('schedule-backfill', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, state: { paused: true }, action: action(t) });
  await s.backfill({ start: new Date('2025-01-01T00:00:00Z'), end: new Date('2025-01-01T05:00:00Z'), overlap: ScheduleOverlapPolicy.ALLOW_ALL });
  const d = await t.until(async () => { const d = await s.describe(); return d.info.numActionsTaken >= 5 && d; }, 'the backfill');
  t.assert.equal(d.info.numActionsTaken, 5);
  t.assert.ok(d.info.recentActions.some((a) => a.action.workflow.workflowId.endsWith('2025-01-01T05:00:00Z')));
  await s.delete();
});

scenario('schedule-update', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, action: action(t) });
  await s.update((previous) => ({ ...previous, spec: { intervals: [{ every: '2h' }] }, state: { ...previous.state, note: 'changed' } }));
  const d = await s.describe();
  t.assert.equal(d.spec.intervals[0].every, 7200000);
  t.assert.equal(d.state.note, 'changed');
  t.assert.ok(d.info.lastUpdatedAt);
  await s.delete();
});

scenario('schedule-already-exists', async (t) => {
  const options = { scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, action: action(t) };
  const s = await t.client.schedule.create(options);
  await t.assert.rejects(t.client.schedule.create(options), (e) => e instanceof ScheduleAlreadyRunning);
  await s.delete();
});

scenario('schedule-list', async (t) => {
  const made = [];
  for (const n of [1, 2, 3]) made.push(await t.client.schedule.create({ scheduleId: `${t.id}-${n}`, spec: { intervals: [{ every: '1h' }] }, state: { paused: n === 2 }, action: action(t) }));
  const ids = [];
  for await (const s of t.client.schedule.list({ pageSize: 2 })) if (s.scheduleId.startsWith(t.id)) ids.push(s.scheduleId);
  t.assert.deepEqual(ids, [1, 2, 3].map((n) => `${t.id}-${n}`));
  const paused = [];
  for await (const s of t.client.schedule.list({ query: 'TemporalSchedulePaused = true' })) if (s.scheduleId.startsWith(t.id)) paused.push(s.scheduleId);
  t.assert.deepEqual(paused, [`${t.id}-2`]);
  for (const s of made) await s.delete();
});

scenario('schedule-overlap-skip', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1s' }] }, policies: { overlap: ScheduleOverlapPolicy.SKIP }, action: action(t, 'waitForever', []) });
  await t.until(async () => (await s.describe()).info.numActionsSkippedOverlap >= 2, 'two skips');
  const d = await s.describe();
  t.assert.equal(d.info.numActionsTaken, 1);
  t.assert.equal(d.info.runningActions.length, 1);
  await s.delete();
});

scenario('schedule-overlap-cancel-other', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, policies: { overlap: ScheduleOverlapPolicy.CANCEL_OTHER }, action: action(t, 'waitForever', []) });
  await t.withWorker(async () => {
    await s.trigger(ScheduleOverlapPolicy.CANCEL_OTHER);
    const first = (await s.describe()).info.recentActions[0].action.workflow;
    await t.delay(1100);
    await s.trigger(ScheduleOverlapPolicy.CANCEL_OTHER);
    await t.until(async () => (await s.describe()).info.numActionsTaken === 2, 'the second action');
    const d = await t.client.workflow.getHandle(first.workflowId).describe();
    t.assert.equal(d.status.name, 'CANCELLED');
    await s.delete();
  });
});

scenario('schedule-overlap-terminate-other', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, action: action(t, 'waitForever', []) });
  await s.trigger();
  const first = (await s.describe()).info.recentActions[0].action.workflow;
  await t.delay(1100);
  await s.trigger(ScheduleOverlapPolicy.TERMINATE_OTHER);
  await t.until(async () => (await s.describe()).info.numActionsTaken === 2, 'the second action');
  t.assert.equal((await t.client.workflow.getHandle(first.workflowId).describe()).status.name, 'TERMINATED');
  await s.delete();
});

scenario('schedule-overlap-buffer-one', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE }, action: action(t, 'waitForever', []) });
  for (let i = 0; i < 3; i++) await s.trigger(ScheduleOverlapPolicy.BUFFER_ONE);
  let d = await s.describe();
  t.assert.equal(d.info.numActionsTaken, 1);
  t.assert.equal(d.info.numActionsSkippedOverlap, 1);
  await t.delay(1100);
  await t.client.workflow.getHandle(d.info.recentActions[0].action.workflow.workflowId).terminate();
  d = await t.until(async () => { const x = await s.describe(); return x.info.numActionsTaken === 2 && x; }, 'the buffered action');
  await s.delete();
});

scenario('schedule-limited-actions', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1s' }] }, state: { remainingActions: 1 }, action: action(t) });
  await t.withWorker(async () => {
    await t.until(async () => (await s.describe()).info.numActionsTaken === 1, 'the action');
    await t.delay(1500);
    const d = await s.describe();
    t.assert.equal(d.info.numActionsTaken, 1);
    t.assert.equal(d.state.remainingActions, 0);
  });
  await s.delete();
});

scenario('schedule-pause-on-failure', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, policies: { pauseOnFailure: true }, action: action(t, 'failing', ['oops']) });
  await t.withWorker(async () => {
    await s.trigger();
    const d = await t.until(async () => { const d = await s.describe(); return d.state.paused && d; }, 'the pause');
    t.assert.match(d.state.note, /paused due to workflow failure.*oops/);
  });
  await s.delete();
});

scenario('schedule-last-result', async (t) => {
  const s = await t.client.schedule.create({ scheduleId: t.id, spec: { intervals: [{ every: '1h' }] }, action: action(t, 'lastResult', []) });
  await t.withWorker(async () => {
    await s.trigger(ScheduleOverlapPolicy.SKIP);
    await t.until(async () => (await s.describe()).info.runningActions.length === 0, 'the end of the first run');
    await t.delay(1100);
    await s.trigger(ScheduleOverlapPolicy.SKIP);
    const d = await t.until(async () => { const d = await s.describe(); return d.info.numActionsTaken === 2 && d; }, 'the second run');
    const result = await t.client.workflow.getHandle(d.info.recentActions[1].action.workflow.workflowId).result();
    t.assert.deepEqual(result.last, { last: null, failure: null });
  });
  await s.delete();
});

scenario('schedule-invalid', async (t) => {
  await t.assert.rejects(t.client.schedule.create({ scheduleId: t.id, spec: { cronExpressions: ['61 * * * *'] }, action: action(t) }), (e) => /minute/.test(e.cause?.details ?? e.message + e.cause?.message));
});
