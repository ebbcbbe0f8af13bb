// Runs scenario files against a server and prints one JSON line per scenario: {name, ok, ms, error?}.
// node harness.js --address 127.0.0.1:7233 --cache on|off [--only name] scenarios/a.js …
const fs = require('fs');
const os = require('os');
const path = require('path');
const crypto = require('crypto');
const assert = require('assert');
const { Connection, Client } = require('@temporalio/client');
const { Worker, NativeConnection, Runtime, bundleWorkflowCode, DefaultLogger } = require('@temporalio/worker');
const activities = require('./activities');

const args = process.argv.slice(2);
const option = (name, fallback) => {
  const at = args.indexOf(name);
  return at < 0 ? fallback : args.splice(at, 2)[1];
};
const address = option('--address', '127.0.0.1:7233');
process.env.CONFORMANCE_ADDRESS = address;
const cache = option('--cache', 'on') === 'on';
const only = option('--only', '');
const parallel = Number(option('--parallel', '6'));
const verbose = option('--verbose', '') === '1';

Runtime.install({ logger: new DefaultLogger(verbose ? 'DEBUG' : 'ERROR', (e) => verbose && process.stderr.write(`${e.level} ${e.message} ${JSON.stringify(e.meta ?? {}).slice(0, 400)}\n`)) });

// Ends a scenario that hangs; far above what the slowest needs on a busy machine.
const limitSeconds = 300;

const scenarios = [];
global.scenario = (name, run) => scenarios.push({ name, run });
for (const file of args) require(path.resolve(file));

// The bundle is the slow part of a worker: made once, kept until the workflows change.
async function bundle() {
  const source = path.join(__dirname, 'workflows.js');
  const key = crypto.createHash('sha256').update(fs.readFileSync(source)).digest('hex').slice(0, 16);
  const file = path.join(os.tmpdir(), `flowforge-conformance-${process.getuid?.() ?? 0}-${key}.js`);
  if (!fs.existsSync(file)) {
    const { code } = await bundleWorkflowCode({ workflowsPath: source, logger: new DefaultLogger('ERROR', () => {}) });
    fs.writeFileSync(file + '.' + process.pid, code);
    fs.renameSync(file + '.' + process.pid, file);
  }
  return { codePath: file };
}

async function main() {
  const workflowBundle = await bundle();
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const context = (name) => {
    const id = `${name}-${crypto.randomUUID().slice(0, 8)}`;
    return {
      id,
      address,
      taskQueue: id,
      client,
      connection,
      native,
      assert,
      service: connection.workflowService,
      operator: connection.operatorService,
      cache,
      delay: (ms) => new Promise((r) => setTimeout(r, ms)),
      worker: (options = {}) =>
        Worker.create({
          connection: native,
          taskQueue: id,
          workflowBundle,
          activities,
          maxCachedWorkflows: cache ? 100 : 0,
          stickyQueueScheduleToStartTimeout: '2s',
          shutdownGraceTime: '1s',
          ...options,
        }),
      // Runs work while a worker polls.
      async withWorker(work, options = {}) {
        const worker = await this.worker(options);
        return await worker.runUntil(work);
      },
      start: (type, options = {}) => client.workflow.start(type, { taskQueue: id, workflowId: id, ...options }),
      async until(condition, what, ms = 60000) {
        const end = Date.now() + ms;
        for (;;) {
          const value = await condition();
          if (value) return value;
          if (Date.now() > end) throw new Error(`gave up waiting for ${what}`);
          await new Promise((r) => setTimeout(r, 25));
        }
      },
      async history(handle) {
        return (await handle.fetchHistory()).events ?? [];
      },
      types: (events) => events.map((e) => EventTypes[e.eventType]),
    };
  };

  const queue = scenarios.filter((s) => !only || s.name === only);
  const results = await Promise.all(
    Array.from({ length: Math.min(parallel, queue.length) }, async () => {
      let failed = 0;
      for (let next = queue.shift(); next; next = queue.shift()) {
        const started = Date.now();
        let line;
        let timer;
        try {
          const limit = new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Error(`the scenario took longer than ${limitSeconds} s`)), limitSeconds * 1000);
          });
          await Promise.race([next.run(context(next.name)), limit]);
          line = { name: next.name, ok: true, ms: Date.now() - started };
        } catch (e) {
          failed++;
          line = { name: next.name, ok: false, ms: Date.now() - started, error: `${e.stack ?? e}${e.cause ? `\ncaused by ${e.cause.stack ?? e.cause}` : ''}` };
        } finally {
          clearTimeout(timer);
        }
        process.stdout.write(JSON.stringify(line) + '\n');
      }
      return failed;
    }),
  );
  await connection.close();
  process.exit(results.some((f) => f > 0) ? 1 : 0);
}

const { temporal } = require('@temporalio/proto');
const EventTypes = Object.fromEntries(
  Object.entries(temporal.api.enums.v1.EventType).filter(([, v]) => typeof v === 'number').map(([k, v]) => [
    v,
    k.replace('EVENT_TYPE_', '').toLowerCase().replace(/_./g, (m) => m[1].toUpperCase()).replace(/^./, (m) => m.toUpperCase()),
  ]),
);

main().catch((e) => {
  process.stderr.write(`${e.stack ?? e}\n`);
  process.exit(2);
});
