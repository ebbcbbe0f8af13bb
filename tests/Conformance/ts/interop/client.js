// A TypeScript client of C# workflows: node client.js ADDRESS TASK_QUEUE. Prints one JSON object with what it saw.
const { Connection, Client, WorkflowFailedError, WorkflowUpdateFailedError } = require('@temporalio/client');
const crypto = require('crypto');

const [address, taskQueue] = process.argv.slice(2);

async function outcome(promise) {
  try {
    return { value: await promise };
  } catch (e) {
    const cause = e.cause ?? {};
    return { error: e.constructor.name, type: cause.type, message: cause.message ?? e.message, details: cause.details, inner: cause.cause?.message, name: cause.constructor?.name };
  }
}

async function main() {
  const connection = await Connection.connect({ address, ...require('./secure') });
  const client = new Client({ connection });
  const start = (type, ...args) => client.workflow.start(type, { taskQueue, workflowId: crypto.randomUUID(), args, memo: { from: 'ts' } });
  const seen = {};

  const counter = await start('counter', 5, { text: 'größer' });
  await counter.signal('add', 2);
  seen.query = await counter.query('total');
  seen.update = await counter.executeUpdate('bump', { args: [10] });
  seen.rejected = await outcome(counter.executeUpdate('bump', { args: [-1] }));
  seen.badQuery = await outcome(counter.query('nothing'));
  await counter.signal('finish');
  seen.result = await counter.result();
  seen.closedQuery = await counter.query('total');
  seen.memo = (await counter.describe()).memo;
  seen.events = (await counter.fetchHistory()).events.length;

  seen.failed = await outcome((await start('failing')).result());

  const waits = await start('waits');
  await waits.cancel();
  seen.cancelled = await outcome(waits.result());

  const parallel = await Promise.all(Array.from({ length: 20 }, (_, i) => start('double', i)));
  seen.doubled = await Promise.all(parallel.map((h) => h.result()));

  process.stdout.write(JSON.stringify(seen) + '\n');
  await connection.close();
}
main().catch((e) => { console.error(e); process.exit(1); });
