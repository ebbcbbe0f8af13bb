// Reads an Arrow stream or file with apache-arrow and prints schema and rows as JSON. BigInt and bytes become text.
import { readFileSync } from 'node:fs';
import { tableFromIPC, DataType } from 'apache-arrow';

const plain = (value, type) => {
  if (value === null || value === undefined) return null;
  if (DataType.isDecimal(type)) return decimal(value, type.scale);
  if (DataType.isTimestamp(type) || DataType.isDate(type)) return Number(value);
  if (typeof value === 'bigint') return value.toString();
  if (DataType.isDictionary(type)) return plain(value, type.dictionary);
  if (DataType.isList(type) || DataType.isFixedSizeList(type)) return Array.from(value, v => plain(v, type.children[0].type));
  if (DataType.isStruct(type)) return Object.fromEntries(type.children.map(f => [f.name, plain(value[f.name], f.type)]));
  if (DataType.isMap(type)) return Array.from(value, ([k, v]) => [plain(k, type.children[0].type.children[0].type), plain(v, type.children[0].type.children[1].type)]);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (ArrayBuffer.isView(value)) return Array.from(value, v => plain(v));
  return value;
};
const decimal = (words, scale) => {
  let n = 0n;
  for (let i = 3; i >= 0; i--) n = (n << 32n) | BigInt(new Uint32Array(words.buffer, words.byteOffset, 4)[i]);
  if (n >> 127n) n -= 1n << 128n;
  return n.toString() + 'e-' + scale;
};

const table = tableFromIPC(readFileSync(process.argv[2]));
const columns = {};
for (const field of table.schema.fields) {
  const vector = table.getChild(field.name);
  columns[field.name] = { type: field.type.toString(), nullable: field.nullable, metadata: Object.fromEntries(field.metadata), values: Array.from(vector, v => plain(v, field.type)) };
}
console.log(JSON.stringify({ rows: table.numRows, batches: table.batches.length, metadata: Object.fromEntries(table.schema.metadata), columns }));
