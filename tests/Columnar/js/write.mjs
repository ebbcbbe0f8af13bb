// Writes what apache-arrow can build to <dir>/stream.arrows and <dir>/file.arrow, several batches, and a stream whose dictionary grows.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as A from 'apache-arrow';

const dir = process.argv[2];
const vector = (type, values) => A.vectorFromArray(values, type);
const part = n => new A.Table({
  b: vector(new A.Bool(), [true, null, n === 1]),
  i8: vector(new A.Int8(), [-128, null, n]),
  u16: vector(new A.Uint16(), [65535, 0, null]),
  i64: vector(new A.Int64(), [9007199254740993n, null, BigInt(n)]),
  f32: vector(new A.Float32(), [1.5, null, -0.25]),
  f64: vector(new A.Float64(), [0.1, null, n]),
  s: vector(new A.Utf8(), ['ä😀', null, '']),
  z: vector(new A.Binary(), [new Uint8Array([0, 255]), null, new Uint8Array([])]),
  d: vector(new A.DateDay(), [new Date('2024-02-29'), null, new Date(0)]),
  ts: vector(new A.TimestampMillisecond('UTC'), [1709208000123, null, -1]),
  l: vector(new A.List(new A.Field('item', new A.Int32())), [[1, null, 3], null, []]),
  st: vector(new A.Struct([new A.Field('x', new A.Int32()), new A.Field('y', new A.Utf8())]), [{ x: 1, y: 'one' }, null, { x: null, y: 'three' }]),
  m: vector(new A.Map_(new A.Field('entries', new A.Struct([new A.Field('key', new A.Utf8(), false), new A.Field('value', new A.Int32())]), false)), [new Map([['a', 1], ['b', 2]]), null, new Map()]),
  fl: vector(new A.FixedSizeList(2, new A.Field('item', new A.Float64())), [[1, 2], null, [3, 4]]),
});
const table = part(1).concat(part(2));
writeFileSync(join(dir, 'stream.arrows'), A.tableToIPC(table, 'stream'));
writeFileSync(join(dir, 'file.arrow'), A.tableToIPC(table, 'file'));

const dict = new A.Dictionary(new A.Utf8(), new A.Int32());
const words = A.vectorFromArray(['red', 'green', null, 'red'], dict);
writeFileSync(join(dir, 'dictionary.arrows'), A.tableToIPC(new A.Table({ w: words }), 'stream'));
writeFileSync(join(dir, 'dictionary.arrow'), A.tableToIPC(new A.Table({ w: words }), 'file'));
