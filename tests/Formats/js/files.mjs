// Writes files of the formats with other programs' libraries into the folder that is given.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fs from 'node:fs';
import zlib from 'node:zlib';
const require = createRequire(import.meta.url);
const avro = require('avsc');
const snappy = require('snappyjs');
const xlsx = require('xlsx');
const folder = process.argv[2];

function crc32(bytes) {
  let crc = ~0;
  for (const b of bytes) { crc ^= b; for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1; }
  return ~crc >>> 0;
}

function avroFile(name, schema, rows, options = {}) {
  return new Promise((done, failed) => {
    const encoder = new avro.streams.BlockEncoder(schema, {
      blockSize: 4096,
      codecs: {
        null: (b, cb) => cb(null, b), deflate: (b, cb) => zlib.deflateRaw(b, cb),
        snappy: (b, cb) => { const sum = Buffer.alloc(4); sum.writeUInt32BE(crc32(b)); cb(null, Buffer.concat([Buffer.from(snappy.compress(b)), sum])); },
      },
      ...options,
    });
    encoder.pipe(fs.createWriteStream(join(folder, name))).on('finish', done).on('error', failed);
    for (const row of rows) encoder.write(row);
    encoder.end();
  });
}

const all = {
  type: 'record', name: 'All', namespace: 'test', fields: [
    { name: 'id', type: 'long' }, { name: 'int_v', type: 'int' }, { name: 'truth', type: 'boolean' }, { name: 'f', type: 'float' }, { name: 'd', type: 'double' },
    { name: 'text', type: ['null', 'string'], default: null }, { name: 'bin', type: 'bytes' }, { name: 'fix', type: { type: 'fixed', name: 'Four', size: 4 } },
    { name: 'colour', type: { type: 'enum', name: 'Colour', symbols: ['RED', 'GREEN'] } },
    { name: 'day', type: { type: 'int', logicalType: 'date' } }, { name: 'at_ms', type: { type: 'long', logicalType: 'timestamp-millis' } }, { name: 'at_us', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'local_us', type: { type: 'long', logicalType: 'local-timestamp-micros' } }, { name: 'clock_ms', type: { type: 'int', logicalType: 'time-millis' } }, { name: 'clock_us', type: { type: 'long', logicalType: 'time-micros' } },
    { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } }, { name: 'amount_fixed', type: { type: 'fixed', name: 'Dec', size: 16, logicalType: 'decimal', precision: 38, scale: 4 } },
    { name: 'huge', type: { type: 'bytes', logicalType: 'decimal', precision: 50, scale: 1 } },
    { name: 'key', type: { type: 'string', logicalType: 'uuid' } }, { name: 'span', type: { type: 'fixed', name: 'Span', size: 12, logicalType: 'duration' } },
    { name: 'tags', type: { type: 'array', items: 'string' } }, { name: 'counts', type: { type: 'map', values: 'int' } },
    { name: 'inner', type: { type: 'record', name: 'Inner', fields: [{ name: 'x', type: 'int' }, { name: 'again', type: ['null', 'Colour'] }] } },
    { name: 'mixed', type: ['null', 'int', 'string', { type: 'record', name: 'Deep', fields: [{ name: 'y', type: 'string' }] }] },
    { name: 'nothing', type: 'null' },
  ],
};
const big = (n, size) => { const b = Buffer.alloc(size, n < 0n ? 255 : 0); let v = BigInt.asUintN(size * 8, n); for (let i = size - 1; i >= 0; i--) { b[i] = Number(v & 255n); v >>= 8n; } return b; };
const span = (m, d, ms) => { const b = Buffer.alloc(12); b.writeUInt32LE(m, 0); b.writeUInt32LE(d, 4); b.writeUInt32LE(ms, 8); return b; };
const row = (id, more = {}) => ({
  id, int_v: -7, truth: true, f: 0.5, d: 0.1, text: 'größe ✓', bin: Buffer.from([0, 255]), fix: Buffer.from('abcd'), colour: 'GREEN', day: 19782, at_ms: 1709210096789, at_us: 1709210096789123,
  local_us: 1709210096000001, clock_ms: 3723004, clock_us: 3723000004, amount: big(-12345n, 3), amount_fixed: big(1234567890123456789012345678901234n, 16), huge: big(-(10n ** 44n) - 5n, 20),
  key: '6f9619ff-8b86-d011-b42d-00c04fc964ff', span: span(14, 3, 4005), tags: ['a', 'b"c'], counts: { one: 1 }, inner: { x: 5, again: 'RED' }, mixed: 3, nothing: null, ...more,
});
const rows = [row(1), row(9007199254740990, { text: null, tags: [], counts: {}, inner: { x: 1, again: null }, mixed: 'plain', amount: big(0n, 1) }), row(3, { mixed: { y: 'z' } }), row(4, { mixed: null })];
await avroFile('all.avro', all, rows);
await avroFile('all-deflate.avro', all, rows, { codec: 'deflate' });
await avroFile('all-snappy.avro', all, rows, { codec: 'snappy' });
await avroFile('none.avro', all, [], { writeHeader: 'always' });
await avroFile('zero.avro', all, []);
const small = avro.Type.forSchema({ type: 'record', name: 'S', fields: [{ name: 'id', type: 'int' }, { name: 'name', type: 'string' }] });
await avroFile('small.avro', small, Array.from({ length: 5000 }, (_, i) => ({ id: i, name: `name ${i}` })));
await avroFile('wider.avro', avro.Type.forSchema({ type: 'record', name: 'S', fields: [{ name: 'name', type: ['null', 'string'] }, { name: 'id', type: 'double' }, { name: 'more', type: 'boolean' }] }), [{ name: 'wide', id: 0.5, more: true }]);
await avroFile('bare.avro', avro.Type.forSchema('string'), ['a', 'b']);
await avroFile('recursive.avro', avro.Type.forSchema({ type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] }), [{ next: null }]);

// A workbook with what real ones have: dates, errors, formulas, merged cells, gaps, a hidden sheet, a name twice.
const sheet = {
  '!ref': 'A1:G8', '!merges': [{ s: { r: 3, c: 1 }, e: { r: 4, c: 1 } }],
  A1: { t: 's', v: 'id' }, B1: { t: 's', v: 'Name' }, C1: { t: 's', v: 'day' }, D1: { t: 's', v: 'at' }, E1: { t: 's', v: 'amount' }, F1: { t: 's', v: 'Name' }, G1: { t: 's', v: 'ok' },
  A2: { t: 'n', v: 1 }, B2: { t: 's', v: 'Ärger & Söhne' }, C2: { t: 'n', v: 45351, z: 'yyyy-mm-dd' }, D2: { t: 'n', v: 45351.524270833, z: 'dd.mm.yyyy hh:mm:ss' }, E2: { t: 'n', v: 1.1 }, F2: { t: 's', v: '007' }, G2: { t: 'b', v: true },
  A3: { t: 'n', v: 2 }, B3: { t: 's', v: 'line\nbreak' }, E3: { t: 'n', v: 3, f: 'E2*2+0.8' }, G3: { t: 'b', v: false },
  A4: { t: 'n', v: 3 }, B4: { t: 's', v: 'merged' }, E4: { t: 'e', v: 7 },
  A5: { t: 'n', v: 4 }, E5: { t: 'n', v: -0.25 },
  A7: { t: 'n', v: 5 }, B7: { t: 's', v: 'after a gap' }, E7: { t: 'n', v: 1e21 },
};
const book = xlsx.utils.book_new();
xlsx.utils.book_append_sheet(book, { '!ref': 'A1:A1', A1: { t: 's', v: 'secret' } }, 'Hidden');
xlsx.utils.book_append_sheet(book, sheet, 'Orders');
xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet([['x', null, null], [null, 'a', 'b'], [null, 10, 20], [null, 30, 40], ['y', 50, 60]]), 'Other');
book.Workbook = { Sheets: [{ Hidden: 1 }, { Hidden: 0 }, { Hidden: 0 }] };
xlsx.writeFile(book, join(folder, 'book.xlsx'), { bookSST: true, compression: true });
const lines = [['id', 'text']];
for (let i = 0; i < 30000; i++) lines.push([i, `text ${i}`]);
const large = xlsx.utils.book_new();
xlsx.utils.book_append_sheet(large, xlsx.utils.aoa_to_sheet(lines), 'Large');
xlsx.writeFile(large, join(folder, 'large.xlsx'), { bookSST: true, compression: true });
xlsx.writeFile(book, join(folder, 'old.xls'), { bookType: 'biff8' });
