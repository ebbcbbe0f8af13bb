// Drives workflows through a server that is killed again and again. Prints {started}, then {finished, wrong, results}.
// node crash.js ADDRESS COUNT
const { Connection, Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } = require('@temporalio/client');
const { Worker, NativeConnection, Runtime, DefaultLogger, bundleWorkflowCode } = require('@temporalio/worker');
const path = require('path');

Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
const [address, count] = [process.argv[2], Number(process.argv[3])];
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

// The server may be away at any moment: whatever fails for that reason is asked again.
async function persist(what) {
  for (;;) {
    try {
      return await what();
    } catch (e) {
      const code = e.code ?? e.cause?.code;
      if (![1, 4, 14].includes(code)) throw e;
      await sleep(100);
    }
  }
}

// A signal whose answer a kill swallowed is sent again as another one, so the workflow may have had enough and be closed.
// That none is lost shows in the result: it does not come before two.
const signal = (handle, n) => persist(() => handle.signal('push', n)).catch((e) => { if (!(e instanceof WorkflowNotFoundError)) throw e; });

async function main() {
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: path.join(__dirname, 'workflows.js'), logger: new DefaultLogger('ERROR', () => {}) });
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }), taskQueue: 'crash', workflowBundle: { code: workflowBundle.code }, activities: require('./activities'),
    maxConcurrentActivityTaskExecutions: 50, stickyQueueScheduleToStartTimeout: '1s',
  });
  const running = worker.run();
  const client = new Client({ connection: await Connection.connect({ address }) });
  const wrong = [];
  console.log(JSON.stringify({ started: true }));
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(count, 200) }, async () => {
    for (let i = next++; i < count; i = next++) {
      const workflowId = `crash-${i}`;
      const n = 2 + (i % 3);
      await persist(() => client.workflow.start('mixed', { taskQueue: 'crash', workflowId, args: [n], workflowTaskTimeout: '2s', requestId: workflowId }))
        .catch((e) => { if (!(e instanceof WorkflowExecutionAlreadyStartedError)) throw e; });
      const handle = client.workflow.getHandle(workflowId);
      await signal(handle, 1);
      await sleep(Math.random() * 300);
      await signal(handle, 2);
      const result = await persist(() => handle.result());
      // Activity i fails its first i % 2 attempts and tells the attempt on which it went well; a task or result that a kill
      // swallowed costs one attempt more.
      let sum = 0;
      for (let k = 0; k < n; k++) sum += 1 + (k % 2);
      if (!(result.sum >= sum) || result.signals < 2) wrong.push({ workflowId, result, sum });
    }
  }));
  console.log(JSON.stringify({ finished: count, wrong }));
  worker.shutdown();
  await running;
  process.exit(0);
}

main().catch((e) => {
  console.error(e.stack ?? e);
  process.exit(1);
});
