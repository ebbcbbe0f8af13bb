// A TypeScript worker for the C# tests: node peer.js ADDRESS TASK_QUEUE CACHED_WORKFLOWS. Says "ready", and stops when its input ends.
const path = require('path');
const { Worker, NativeConnection, Runtime, DefaultLogger } = require('@temporalio/worker');

const [address, taskQueue, cached] = process.argv.slice(2);

async function main() {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address, ...require('./secure') });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: path.join(__dirname, 'workflows.js'),
    activities: require('./activities'),
    maxCachedWorkflows: Number(cached),
    shutdownGraceTime: '500ms',
  });
  process.stdin.on('end', () => worker.shutdown());
  process.stdin.resume();
  const run = worker.run();
  process.stdout.write('ready\n');
  await run;
  await connection.close();
}
main().then(() => process.exit(0), (e) => { console.error(e); process.exit(1); });
