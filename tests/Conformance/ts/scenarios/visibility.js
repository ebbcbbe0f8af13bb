scenario('visibility-queries', async (t) => {
  await t.operator.addSearchAttributes({ namespace: 'default', searchAttributes: { VisKeyword: 2, VisInt: 3, VisDouble: 4, VisBool: 5, VisTime: 6, VisList: 7, VisText: 1 } }).catch((e) => { if (e.code !== 6) throw e; });
  const { defineSearchAttributeKey, SearchAttributeType: S } = require('@temporalio/common');
  const start = (n, type, attributes) => t.client.workflow.start(type, {
    taskQueue: t.id, workflowId: `${t.id}-${n}`, args: type === 'failing' ? ['x'] : ['y'],
    typedSearchAttributes: [
      { key: defineSearchAttributeKey('VisKeyword', S.KEYWORD), value: attributes.k },
      { key: defineSearchAttributeKey('VisInt', S.INT), value: n },
      { key: defineSearchAttributeKey('VisDouble', S.DOUBLE), value: n + 0.5 },
      { key: defineSearchAttributeKey('VisBool', S.BOOL), value: n % 2 === 0 },
      { key: defineSearchAttributeKey('VisTime', S.DATETIME), value: new Date(Date.UTC(2024, 0, n)) },
      { key: defineSearchAttributeKey('VisList', S.KEYWORD_LIST), value: ['all', `n${n}`] },
      { key: defineSearchAttributeKey('VisText', S.TEXT), value: `The quick brown fox ${n}` },
    ],
  });
  await t.withWorker(async () => {
    for (const h of [await start(1, 'hello', { k: 'red' }), await start(2, 'hello', { k: 'green' }), await start(3, 'failing', { k: 'blue' })]) await h.result().catch(() => {});
  });
  await start(4, 'waitForever', { k: 'red' });
  const mine = `WorkflowId STARTS_WITH '${t.id}'`;
  const list = async (query) => {
    const found = [];
    for await (const w of t.client.workflow.list({ query: `${mine} AND (${query})`, pageSize: 2 })) found.push(Number(w.workflowId.split('-').pop()));
    return found.sort();
  };
  for (const [query, expected] of [
    ["WorkflowType = 'hello'", [1, 2]],
    ["WorkflowType != 'hello'", [3, 4]],
    ["ExecutionStatus = 'Running'", [4]],
    ["ExecutionStatus IN ('Completed', 'Failed')", [1, 2, 3]],
    ["ExecutionStatus NOT IN ('Completed', 'Failed')", [4]],
    ["VisKeyword = 'red'", [1, 4]],
    ["VisKeyword IN ('red', 'blue')", [1, 3, 4]],
    ["VisKeyword STARTS_WITH 'gre'", [2]],
    ['VisInt > 2', [3, 4]],
    ['VisInt BETWEEN 2 AND 3', [2, 3]],
    ['VisInt NOT BETWEEN 2 AND 3', [1, 4]],
    ['VisDouble >= 3.5', [3, 4]],
    ['VisBool = true', [2, 4]],
    ["VisTime > '2024-01-02T00:00:00Z'", [3, 4]],
    ["VisList = 'all'", [1, 2, 3, 4]],
    ["VisList IN ('n2', 'n3')", [2, 3]],
    ["VisText = 'quick 3'", [3]],
    ['CloseTime IS NULL', [4]],
    ['CloseTime IS NOT NULL', [1, 2, 3]],
    ["VisKeyword = 'red' AND VisInt = 1 OR VisInt = 3", [1, 3]],
    ["VisKeyword = 'red' AND (VisInt = 1 OR VisInt = 3)", [1]],
    ["NOT (VisKeyword = 'red')", [2, 3]],
    ["StartTime > '2020-01-01T00:00:00Z' AND ExecutionStatus = 'Completed'", [1, 2]],
    [`RunId = '${(await t.client.workflow.getHandle(`${t.id}-2`).describe()).runId}'`, [2]],
    ['`VisInt` = 4', [4]],
    ['ExecutionDuration < "1h" AND VisInt = 1', [1]],
  ]) {
    t.assert.deepEqual(await list(query), expected, query);
  }
  const ordered = [];
  for await (const w of t.client.workflow.list({ query: `${mine} ORDER BY VisInt DESC`, pageSize: 2 })) ordered.push(Number(w.workflowId.split('-').pop()));
  t.assert.deepEqual(ordered, [4, 3, 2, 1]);
  t.assert.equal(Number((await t.client.workflow.count(mine)).count), 4);
  const groups = await t.client.workflow.count(`${mine} GROUP BY ExecutionStatus`);
  t.assert.deepEqual(Object.fromEntries(groups.groups.map((g) => [g.groupValues[0], Number(g.count)])), { Completed: 2, Failed: 1, Running: 1 });
  for (const bad of ['Nonsense = 1', "WorkflowType ~ 'x'", "WorkflowType = 'x", 'VisInt = "abc"', 'StartTime >', "ExecutionStatus = 'Happy'"]) {
    await t.assert.rejects(list(bad), (e) => /invalid query/.test(e.message + e.cause?.message), bad);
  }
  await t.client.workflow.getHandle(`${t.id}-4`).terminate();
});

scenario('visibility-old-lists', async (t) => {
  const handle = await t.start('waitForever');
  const open = await t.service.listOpenWorkflowExecutions({ namespace: 'default', executionFilter: { workflowId: t.id } });
  t.assert.equal(open.executions.length, 1);
  await handle.terminate();
  const closed = await t.service.listClosedWorkflowExecutions({ namespace: 'default', executionFilter: { workflowId: t.id } });
  t.assert.equal(closed.executions[0].status, 5);
});

scenario('visibility-is-read-your-writes', async (t) => {
  for (let i = 0; i < 20; i++) {
    const handle = await t.client.workflow.start('waitForever', { taskQueue: t.id, workflowId: `${t.id}-${i}` });
    const { count } = await t.client.workflow.count(`WorkflowId = '${t.id}-${i}' AND ExecutionStatus = 'Running'`);
    t.assert.equal(Number(count), 1);
    await handle.terminate();
    t.assert.equal(Number((await t.client.workflow.count(`WorkflowId = '${t.id}-${i}' AND ExecutionStatus = 'Running'`)).count), 0);
  }
});

scenario('delete-workflow', async (t) => {
  const handle = await t.start('hello', { args: ['x'] });
  await t.withWorker(() => handle.result());
  await t.service.deleteWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId: t.id } });
  await t.assert.rejects(handle.describe(), (e) => e.name === 'WorkflowNotFoundError');
  t.assert.equal(Number((await t.client.workflow.count(`WorkflowId = '${t.id}'`)).count), 0);
});

scenario('namespaces', async (t) => {
  const name = t.id;
  await t.service.registerNamespace({ namespace: name, description: 'a', workflowExecutionRetentionPeriod: { seconds: 86400 } });
  await t.assert.rejects(t.service.registerNamespace({ namespace: name, workflowExecutionRetentionPeriod: { seconds: 86400 } }), (e) => e.code === 6);
  await t.service.updateNamespace({ namespace: name, updateInfo: { description: 'b' } });
  const d = await t.service.describeNamespace({ namespace: name });
  t.assert.equal(d.namespaceInfo.description, 'b');
  t.assert.equal(Number(d.config.workflowExecutionRetentionTtl.seconds), 86400);
  t.assert.ok((await t.service.listNamespaces({})).namespaces.some((n) => n.namespaceInfo.name === name));
  await t.assert.rejects(t.service.describeNamespace({ namespace: 'nope' }), (e) => e.code === 5);
  const other = new (require('@temporalio/client').Client)({ connection: t.connection, namespace: name });
  await other.workflow.start('waitForever', { taskQueue: 'q', workflowId: 'same-id' });
  t.assert.equal(Number((await other.workflow.count()).count), 1);
  await t.operator.deleteNamespace({ namespace: name });
  await t.assert.rejects(t.service.describeNamespace({ namespace: name }), (e) => e.code === 5);
});

scenario('unknown-namespace', async (t) => {
  const other = new (require('@temporalio/client').Client)({ connection: t.connection, namespace: 'not-there' });
  await t.assert.rejects(other.workflow.start('x', { taskQueue: 'q', workflowId: 'x' }), (e) => /Namespace.*not/i.test(e.message + e.cause?.message));
});
