// Answers as Arrow IPC files, a record batch for each part.
// Source: "Arrow Columnar Format", IPC file format; "FlatBuffers internals".

import { bool, type DataType, float64, tableFromArrays, tableToIPC, uint32, utf8 } from '@uwdata/flechette';
import { Bytes } from '../partition/flatbuffer.ts';
import type { AnswerColumn } from './answer-columns.ts';
import type { Joiner } from './joiner.ts';

const BLOCK_BYTES = 24; // offset, bytes of the metadata and of the body
const BATCHES = 3; // number of the field in the footer
const TAIL_BYTES = 10; // length of the footer, and the magic
const MAGIC = new TextEncoder().encode('ARROW1');
const END_OF_STREAM = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

const TYPES: Record<AnswerColumn['type'], () => DataType> = { row: uint32, number: float64, truth: bool, text: utf8 };

export function writeArrow(columns: readonly AnswerColumn[]): Uint8Array {
  // a list: an object would have columns that are called by numbers first
  const arrays = columns.map(({ name, values }) => [name, values]);
  const types = Object.fromEntries(columns.map(({ name, type }) => [name, TYPES[type]()]));
  return tableToIPC(tableFromArrays(arrays as never, { types }), { format: 'file' })!;
}

interface Block {
  start: number;
  metadataBytes: number;
  bodyBytes: number;
}

/** The schema of the first, the record batches of all, and a footer that knows where they are. */
export function joinArrow(): Joiner {
  const blocks: Block[] = [];
  let footer: Bytes | undefined;
  let at = 0;
  return {
    add(file) {
      const own = readFooter(file);
      const ofFile = splitBlocks(own);
      const pieces: Uint8Array[] = [];
      if (!footer) {
        footer = own;
        pieces.push(file.subarray(0, ofFile[0].start));
        at = ofFile[0].start;
      }
      for (const { start, metadataBytes, bodyBytes } of ofFile) {
        blocks.push({ start: at, metadataBytes, bodyBytes });
        at += metadataBytes + bodyBytes;
        pieces.push(file.subarray(start, start + metadataBytes + bodyBytes));
      }
      return pieces;
    },
    end() {
      const bytes = withBlocks(footer!, blocks);
      const tail = new Uint8Array(4 + MAGIC.length);
      new DataView(tail.buffer).setInt32(0, bytes.length, true);
      tail.set(MAGIC, 4);
      return [END_OF_STREAM, bytes, tail];
    },
  };
}

function readFooter(file: Uint8Array): Bytes {
  const end = file.length - TAIL_BYTES;
  const length = new Bytes(file).int32(end);
  return new Bytes(file.slice(end - length, end), Number.MAX_SAFE_INTEGER);
}

function splitBlocks(footer: Bytes): Block[] {
  return footer
    .table(0)
    .vector(BATCHES, BLOCK_BYTES)
    .map((at) => ({
      start: footer.int64(at),
      metadataBytes: footer.int32(at + 8),
      bodyBytes: footer.int64(at + 16),
    }));
}

/** The footer with another list of record batches: it stands at the end, and the field leads there. */
function withBlocks(footer: Bytes, blocks: readonly Block[]): Uint8Array {
  const field = footer.table(0).offset(BATCHES)!;
  // the elements hold numbers of 64 bits: they begin at a multiple of 8, behind their count
  const countAt = Math.ceil((footer.bytes.length + 4) / 8) * 8 - 4;
  const bytes = new Uint8Array(countAt + 4 + BLOCK_BYTES * blocks.length);
  bytes.set(footer.bytes);
  const data = new DataView(bytes.buffer);
  data.setUint32(field, countAt - field, true);
  data.setUint32(countAt, blocks.length, true);
  for (const [i, { start, metadataBytes, bodyBytes }] of blocks.entries()) {
    const block = countAt + 4 + BLOCK_BYTES * i;
    data.setBigInt64(block, BigInt(start), true);
    data.setInt32(block + 8, metadataBytes, true);
    data.setBigInt64(block + 16, BigInt(bodyBytes), true);
  }
  return bytes;
}
