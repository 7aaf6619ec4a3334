import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Cell } from '../../../lib/tables/cells.ts';
import { type FileLayout, PART_BYTES, type Part, type TextOptions } from '../../../lib/tables/file-layout.ts';
import { type ByteSource, joinedSource, memorySource } from '../../../lib/tables/source.ts';
import { readFileLayout, readPart } from '../../../lib/tables/table.ts';
import { detectCompression, unpack } from '../../../lib/tables/unpack.ts';

const fixture = (name: string) => memorySource(name, readFileSync(`test/fixtures/tables/${name}`));
const text = (name: string, content: string) => memorySource(name, new TextEncoder().encode(content));
const EXPECTED: Record<string, Cell[]> = JSON.parse(readFileSync('test/fixtures/tables/expected.json', 'utf8'));

/** All columns of a file, read part by part. */
async function readColumns(source: ByteSource, partBytes = PART_BYTES, options: TextOptions = {}) {
  const layout: FileLayout = await readFileLayout(source, partBytes, options);
  const { names } = layout;
  const all = names.map((_, i) => i);
  const parts: Part[] =
    'parts' in layout ? layout.parts : [{ start: layout.dataStart, end: source.size, rowStart: 0, numRows: 0 }];
  const separator = 'separator' in layout ? layout.separator : null;
  const columns: Record<string, Cell[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const part of parts) {
    const { numRows, columns: cells } = await readPart(source, { ...layout, separator }, part, all);
    for (const [i, name] of names.entries()) {
      for (let row = 0; row < numRows; row++) columns[name].push(cells[i].at(row));
    }
  }
  return { columns, numParts: parts.length };
}

/** Dates as texts: those of a day, and of a time. */
const toText = (cell: Cell) =>
  cell instanceof Date ? cell.toISOString().replace('T00:00:00.000Z', '').replace('.000Z', '') : cell;

for (const name of ['none', 'snappy', 'gzip', 'brotli', 'lz4', 'zstd', 'v2'].map((codec) => `${codec}.parquet`)) {
  test(`${name} has the values that pyarrow wrote`, async () => {
    for (const partBytes of [1, PART_BYTES]) {
      const { columns, numParts } = await readColumns(fixture(name), partBytes);
      for (const [column, values] of Object.entries(EXPECTED))
        assert.deepEqual(columns[column].map(toText), values, column);
      assert.equal(numParts, partBytes === 1 && name !== 'v2.parquet' ? 3 : 1);
    }
  });
}

for (const name of ['uncompressed.arrow', 'lz4.arrow', 'zstd.arrow', 'stream.arrow']) {
  test(`${name} has the values that pyarrow wrote`, async () => {
    for (const partBytes of [1, PART_BYTES]) {
      const { columns, numParts } = await readColumns(fixture(name), partBytes);
      for (const [column, values] of Object.entries(EXPECTED))
        assert.deepEqual(columns[column].map(toText), values, column);
      assert.equal(numParts, partBytes === 1 ? 3 : 1);
    }
  });
}

test('an LZ4 frame of several blocks is read', async () => {
  const { columns } = await readColumns(fixture('long-lz4.arrow'));
  assert.deepEqual(
    columns.i,
    Array.from({ length: 20_000 }, (_, i) => i % 1000),
  );
});

test('npy files are read in either order of axes and bytes, whole or in parts', async () => {
  const expected = { 0: [0, 0.75, 1.5, 2.25], 1: [0.25, 1, 1.75, 2.5], 2: [0.5, null, 2, 2.75] };
  for (const name of ['c-order.npy', 'fortran.npy']) {
    assert.deepEqual((await readColumns(fixture(name))).columns, expected);
    const inParts = await readColumns(fixture(name), 30);
    assert.deepEqual(inParts.columns, expected);
    assert.ok(inParts.numParts > 1);
  }
  assert.deepEqual((await readColumns(fixture('big-endian.npy'))).columns, { 0: [0, 1, 2, 3, 4] });
});

test('JSON Lines may omit keys and order them freely', async () => {
  const { columns } = await readColumns(text('t.jsonl', '{"a": 1, "b": "x"}\r\n\n{"b": null, "a": 2.5}\n{"a": true}'));
  assert.deepEqual(columns, { a: [1, 2.5, true], b: ['x', null, null] });
});

test('an invalid line of JSON Lines is reported with its row', async () => {
  const read = (content: string) => readColumns(text('t.jsonl', content));
  await assert.rejects(read('{"a": 1}\n{"a": }\n'), {
    name: 'InputError',
    message: /^t\.jsonl, row 2: not JSON: "\{\\"a\\": \}"/,
  });
  await assert.rejects(read('{"a": 1}\n[1]\n'), /row 2: a line must hold one object, got \[1\]/);
  await assert.rejects(read('{"a": 1}\n{"b": 1}\n'), /row 2: key "b" is not among those of the first line: a/);
  await assert.rejects(
    read('{"a": 1}\n{"a": [1]}\n'),
    /row 2, column "a": nested and binary values are not supported, got \[1\]/,
  );
});

test('the head of a text file: byte order mark, separator, names, skipped lines', async () => {
  const columnsOf = async (name: string, content: string, options?: TextOptions) =>
    (await readColumns(text(name, content), PART_BYTES, options)).columns;
  assert.deepEqual(await columnsOf('t.csv', '\ufeffa,b\n1,2\n'), { a: [1], b: [2] });
  assert.deepEqual(await columnsOf('t.tsv', 'a,x\tb\n1\t2\n'), { 'a,x': [1], b: [2] });
  assert.deepEqual(await columnsOf('t.csv', '"a,;";b\n1;2\n'), { 'a,;': [1], b: [2] });
  assert.deepEqual(await columnsOf('t.csv', '1,2\n3,4\n'), { 0: [1, 3], 1: [2, 4] });
  assert.deepEqual(await columnsOf('t.csv', 'a,b\nc,d\n', { header: false }), { 0: ['a', 'c'], 1: ['b', 'd'] });
  assert.deepEqual(await columnsOf('t.csv', '2020,2021\n3,4\n', { header: true }), { 2020: [3], 2021: [4] });
  assert.deepEqual(await columnsOf('t.csv', 'note\na,b\n3,4\n', { skipRows: 1 }), { a: [3], b: [4] });
});

test('empty files, a header only, duplicate names and other encodings are rejected', async () => {
  const read = (content: string | Uint8Array, name = 't.csv') =>
    readColumns(typeof content === 'string' ? text(name, content) : memorySource(name, content));
  await assert.rejects(read(''), { name: 'InputError', message: 't.csv is empty: it must have a header and rows' });
  await assert.rejects(read('\ufeff\r\n \n'), /t\.csv is empty/);
  await assert.rejects(read('\n', 't.jsonl'), /t\.jsonl is empty/);
  await assert.rejects(read('a,b\n\n'), { name: 'InputError', message: 't.csv has a header only (a, b) and no rows' });
  await assert.rejects(read('a,b,a\n1,2,3\n'), /t\.csv: columns 0 and 2 have the same name, "a"/);
  await assert.rejects(
    read(Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')),
    /t\.csv is not UTF-8 text: it has the byte order mark of UTF-16/,
  );
  await assert.rejects(read(Buffer.from('a,b\n1,2\n3,\xe9t\xe9\n', 'latin1')), {
    name: 'InputError',
    message: /^t\.csv, row 2, column "b" is not UTF-8: bytes e9 74 e9, in Latin-1 "1,2 3,été.*iconv -f LATIN1/,
  });
});

test('truncated files are reported by name', async () => {
  for (const name of ['snappy.parquet', 'zstd.arrow', 'stream.arrow', 'c-order.npy']) {
    const { size, read } = fixture(name);
    const bytes = await read(0, size);
    for (const length of [size - 1, size >> 1, 30]) {
      await assert.rejects(readColumns(memorySource(name, bytes.subarray(0, length))), (error: Error) => {
        assert.equal(error.name, 'InputError');
        assert.match(error.message, new RegExp(`^${name}.*truncated`));
        return true;
      });
    }
  }
});

test('an error while reading is not reported as a damaged file', async () => {
  for (const name of ['snappy.parquet', 'zstd.arrow', 'text.csv.gz']) {
    const broken = { ...fixture(name), read: async () => Promise.reject(new Error('no network')) };
    const work = name.endsWith('.gz') ? unpackAll(broken) : readColumns(broken);
    await assert.rejects(work, { name: 'Error', message: 'no network' });
  }
});

async function unpackAll(source: ByteSource, pieceBytes = 100): Promise<Uint8Array[]> {
  const compression = detectCompression(await fixture('text.csv.gz').read(0, 4));
  const ofSource = source.name.endsWith('.zst') ? 'zstd' : compression!;
  const pieces: Uint8Array[] = [];
  for await (const piece of unpack(source, ofSource, pieceBytes)) pieces.push(piece);
  return pieces;
}

test('gzip and zstd texts are decompressed in chunks, and rows across chunks are read', async () => {
  for (const name of ['text.csv.gz', 'text.csv.zst']) {
    const pieces = await unpackAll(fixture(name), 1000);
    assert.ok(pieces.slice(0, -1).every(({ length }) => length === 1000));
    const source = joinedSource(
      'text.csv',
      pieces.map((piece, i) => memorySource(`${i}`, piece)),
    );
    const { columns } = await readColumns(source);
    assert.deepEqual(
      columns.a,
      Array.from({ length: 2000 }, (_, i) => i + 1),
    );
    assert.equal(columns.b[3], 'xxxx\n');
  }
});

test('truncated gzip and zstd files and decompression bombs are rejected', async () => {
  for (const name of ['text.csv.gz', 'text.csv.zst']) {
    const { size, read } = fixture(name);
    const cut = memorySource(name, await read(0, size - 20));
    await assert.rejects(unpackAll(cut), {
      name: 'InputError',
      message: new RegExp(`^${name} is not a valid (gzip|zstd) file, it may be damaged or truncated`),
    });
  }
  const bomb = gzipSync(new Uint8Array(80 * 1024 ** 2));
  await assert.rejects(unpackAll(memorySource('bomb.csv.gz', bomb), 1024 ** 2), {
    name: 'InputError',
    message: /^bomb\.csv\.gz decompresses to more than 200 times its \d+ bytes/,
  });
});

test('a zstd bomb is rejected before it fills the memory', async () => {
  // a frame with a window of 128 KiB, and blocks that say a byte 128 Ki times, in 4 bytes each
  const numBlocks = 16_384;
  const bomb = new Uint8Array(6 + 4 * numBlocks);
  bomb.set([0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3]);
  for (let i = 0; i < numBlocks; i++) bomb.set([i === numBlocks - 1 ? 3 : 2, 0, 0x10, 97], 6 + 4 * i);
  const before = process.resourceUsage().maxRSS;
  await assert.rejects(unpackAll(memorySource('bomb.csv.zst', bomb), 1024 ** 2), {
    name: 'InputError',
    message: /^bomb\.csv\.zst decompresses to more than 200 times its 65542 bytes/,
  });
  const mib = (process.resourceUsage().maxRSS - before) / 1024;
  assert.ok(mib < 1024, `it took ${mib} MiB, of the 2048 that it holds`);
});

test('a stream whose dictionaries change is rejected', async () => {
  await assert.rejects(readColumns(fixture('changing.arrow')), {
    name: 'InputError',
    message:
      /^changing\.arrow is an Arrow stream whose dictionaries change, which is not supported; write it as a file/,
  });
});

test('npy files of float16 are read', async () => {
  const header = `${"{'descr': '<f2', 'fortran_order': False, 'shape': (4, 2), }".padEnd(117)}\n`;
  const bits = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x3555, 0x7e00, 0x0400];
  const bytes = new Uint8Array(10 + header.length + 2 * bits.length);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0]);
  bytes.set(new TextEncoder().encode(header), 10);
  const data = new DataView(bytes.buffer, 10 + header.length);
  for (const [i, value] of bits.entries()) data.setUint16(2 * i, value, true);
  const { columns } = await readColumns(memorySource('half.npy', bytes));
  assert.deepEqual(columns, { 0: [1, 65_504, -0, null], 1: [-2, 2 ** -24, 0.333251953125, 2 ** -14] });
});

test('a header may begin with an empty cell, as for an index', async () => {
  const { columns } = await readColumns(text('t.csv', ',a,y\n0,1.5,u\n1,2.5,v\n'));
  assert.deepEqual(columns, { 0: [0, 1], a: [1.5, 2.5], y: ['u', 'v'] });
  // one that lacks another name is a row
  assert.deepEqual((await readColumns(text('t.csv', 'a,,y\nb,1,u\n'))).columns[1], [null, 1]);
});

test('unsupported formats are reported by name', async () => {
  const CASES: [Buffer, RegExp][] = [
    [Buffer.from('FEA1\0\0\0\0more'), /is a Feather file of version 1/],
    [Buffer.from('PK\x03\x04more'), /is a ZIP archive, as Excel and \.npz files are; save the table as CSV or Parquet/],
    [Buffer.from('BZh91AY&SYmore'), /is compressed with bzip2/],
    [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1]), /is compressed with xz/],
    [Buffer.from('a,y\r1,u\r2,v\r'), /^t\.csv: lines end with carriage returns only/],
  ];
  for (const [bytes, message] of CASES) {
    await assert.rejects(readColumns(memorySource('t.csv', bytes)), { name: 'InputError', message });
  }
  // a column may be called as some of them begin
  assert.deepEqual((await readColumns(text('t.csv', 'FEA1,BZh\n1,2\n'))).columns, { FEA1: [1], BZh: [2] });
});

test('nested columns are rejected only if they are requested', async () => {
  const source = fixture('lists.arrow');
  const layout = (await readFileLayout(source, PART_BYTES)) as FileLayout & { parts: Part[] };
  const read = (columns: number[]) => readPart(source, { ...layout, separator: null }, layout.parts[0], columns);
  assert.equal((await read([0])).columns[0].at(1), 1);
  const { columns } = await read([0, 1]);
  assert.throws(
    () => columns[1].at(0),
    /column "l": nested and binary values are not supported, got \[1,2\]; drop the column/,
  );
});

test('a zstd file with a large window is rejected by its head', async () => {
  const block = [1, 0, 0]; // raw, the last, without a byte
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  const unpackHead = (head: number[]) =>
    unpackAll(memorySource('t.csv.zst', Uint8Array.from([...magic, ...head, ...block])));
  const message =
    /^t\.csv\.zst takes (1073741824|134217729) bytes of memory to decompress, at most 134217728 are allowed/;
  await assert.rejects(unpackHead([0, 20 << 3]), { name: 'InputError', message });
  // a single segment of 128 MiB and a byte, without and with the id of a dictionary
  await assert.rejects(unpackHead([0b10100000, 1, 0, 0, 8]), { name: 'InputError', message });
  await assert.rejects(unpackHead([0b10100001, 9, 1, 0, 0, 8]), { name: 'InputError', message });
  assert.deepEqual(await unpackHead([0, 7 << 3]), []);
  assert.deepEqual(await unpackHead([0b00100000, 0]), []);
});
