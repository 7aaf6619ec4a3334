// Damaged files: each is read, or rejected with its name; nothing else happens.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { PART_BYTES } from '../../../lib/tables/file-layout.ts';
import { decompressLz4Frame } from '../../../lib/tables/lz4-frame.ts';
import { memorySource } from '../../../lib/tables/source.ts';
import { readFileLayout, readPart } from '../../../lib/tables/table.ts';
import { unpack } from '../../../lib/tables/unpack.ts';
import { FUZZ_RUNS, mutations } from '../../fuzz.ts';

const fixture = (name: string) => new Uint8Array(readFileSync(`test/fixtures/tables/${name}`));

async function readAll(name: string, bytes: Uint8Array): Promise<void> {
  const source = memorySource(name, bytes);
  const layout = await readFileLayout(source, PART_BYTES);
  const columns = layout.names.map((_, i) => i);
  const parts =
    'parts' in layout ? layout.parts : [{ start: layout.dataStart, end: bytes.length, rowStart: 0, numRows: 0 }];
  for (const part of parts) {
    const separator = 'separator' in layout ? layout.separator : null;
    const batch = await readPart(source, { ...layout, separator }, part, columns);
    for (const cells of batch.columns) for (let row = 0; row < batch.numRows; row++) cells.at(row);
  }
}

async function readOrReject(work: () => Promise<void>, name: string): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { name: kind, message, stack } = error as Error;
    assert.equal(kind, 'InputError', stack);
    assert.ok(message.includes(name), message);
  }
}

for (const name of [
  'c-order.npy',
  'fortran.npy',
  'snappy.parquet',
  'v2.parquet',
  'uncompressed.arrow',
  'lz4.arrow',
  'stream.arrow',
  'iris.csv',
]) {
  test(`${name}, damaged anywhere, is read or rejected`, async () => {
    const bytes = fixture(name);
    await fc.assert(
      fc.asyncProperty(mutations(bytes), (damaged) => readOrReject(() => readAll(name, damaged), name)),
      { numRuns: FUZZ_RUNS },
    );
  });
}

for (const name of ['text.csv.gz', 'text.csv.zst']) {
  test(`${name}, damaged anywhere, is decompressed or rejected`, async () => {
    const bytes = fixture(name);
    const unpackAll = async (damaged: Uint8Array) => {
      for await (const piece of unpack(memorySource(name, damaged), name.endsWith('gz') ? 'gzip' : 'zstd', 4096)) {
        assert.ok(piece.length <= 4096);
      }
    };
    await fc.assert(
      fc.asyncProperty(mutations(bytes), (damaged) => readOrReject(() => unpackAll(damaged), name)),
      { numRuns: FUZZ_RUNS },
    );
  });
}

test('damaged LZ4 frames are rejected, whatever length is expected', () => {
  // a frame with a literal, a match that overlaps itself, and more literals
  const frame = Uint8Array.from([
    4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 9, 0, 0, 0, 0x14, 65, 1, 0, 0x40, 66, 67, 68, 69, 0, 0, 0, 0,
  ]);
  assert.equal(new TextDecoder().decode(decompressLz4Frame(frame, 13)), 'AAAAAAAAABCDE');
  fc.assert(
    fc.property(mutations(frame), fc.nat(40), (damaged, length) => {
      try {
        assert.equal(decompressLz4Frame(damaged, length).length, length);
      } catch (error) {
        assert.equal((error as Error).name, 'FormatError', (error as Error).stack);
      }
    }),
    { numRuns: FUZZ_RUNS },
  );
});
