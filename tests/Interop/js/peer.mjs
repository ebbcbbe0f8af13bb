// Answers queries of the tests: a line of JSON {"id", "sql"} each, a line {"id", "body"} or {"id", "error"} back. The body is what ClickHouse printed, in base64, as texts in
// tables need not be UTF-8. One connection for the whole process; queries run one after another. The first argument is a folder that it may fill.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const engine = createRequire(import.meta.url)('@chdb/lib-linux-x64-gnu');
const connection = engine.CreateConnection(process.argv[2]);
const settings = [
  "session_timezone = 'UTC'", 'output_format_json_quote_denormals = 1', 'output_format_json_quote_64bit_integers = 1', 'output_format_json_quote_decimals = 1',
  'output_format_json_map_as_array_of_tuples = 1', 'output_format_json_validate_utf8 = 0', 'max_threads = 2', 'allow_delta_lake_writes = 1',
];
for (const setting of settings) engine.QueryWithConnection(connection, `SET ${setting}`, 'CSV');

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { id, sql } = JSON.parse(line);
  let answer;
  try {
    const { bytes } = await engine.QueryAsyncConnection(connection, sql, 'JSONCompactEachRowWithNamesAndTypes');
    answer = { id, body: Buffer.from(bytes).toString('base64') };
  } catch (error) {
    answer = { id, error: String(error.message ?? error) };
    // What a query had printed before it failed would stand before the next one's rows.
    try { engine.QueryWithConnection(connection, 'SELECT 1', 'CSV'); } catch { /* only cleared */ }
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
engine.CloseConnection(connection);
