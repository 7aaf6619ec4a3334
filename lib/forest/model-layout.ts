// Where things are in a model file; format.md has the table.

import { crc32 } from 'node:zlib';
import { FormatError } from '../errors.ts';

export const KIND_MODEL = 1;
export const KIND_TREES = 2;

/** What the header counts, in its order. */
export const COUNTS = [
  'numFeatures',
  'numClasses',
  'numTrees',
  'numNodes',
  'numLeafRows',
  'numLeafEntries',
  'numEdges',
  'labelBytes',
] as const;
export type Counts = Record<(typeof COUNTS)[number], number>;

const MAGIC = 0x4f565241; // 'ARVO' as a little-endian number
const VERSION = 1;
const HEADER_BYTES = 56;
const ALIGNMENT = 8;
const AT = { magic: 0, version: 4, kind: 6, length: 8, checksum: 16, counts: 20 };

/** The sections of a file, as views of its bytes. */
export interface Sections {
  labels: Uint8Array;
  edgeCounts: Uint8Array;
  edges: Float32Array;
  treeSizes: Uint32Array;
  feature: Uint16Array;
  cut: Uint8Array;
  leafRows: Uint32Array;
  leafStart: Uint32Array;
  leafClass: Uint16Array;
  leafCount: Uint32Array;
}

/** A file of zeros with its header, but for the checksum, and views to fill it. */
export function createFile(kind: number, counts: Counts): { bytes: Uint8Array; sections: Sections } {
  const bytes = new Uint8Array(fileBytes(counts));
  const header = new DataView(bytes.buffer);
  header.setUint32(AT.magic, MAGIC, true);
  header.setUint16(AT.version, VERSION, true);
  header.setUint16(AT.kind, kind, true);
  header.setBigUint64(AT.length, BigInt(bytes.length), true);
  for (const [i, name] of COUNTS.entries()) header.setUint32(AT.counts + 4 * i, counts[name], true);
  return { bytes, sections: viewSections(bytes, counts) };
}

/** Write the checksum, when all else is in place. */
export function sealFile(bytes: Uint8Array): void {
  new DataView(bytes.buffer).setUint32(AT.checksum, checksum(bytes), true);
}

/**
 * Check a file's header and checksum and view its sections; nothing is allocated before the length is known to fit.
 *
 * @throws {FormatError} on another magic, version, length, checksum or kind
 */
export function openFile(bytes: Uint8Array, kind: number): { counts: Counts; sections: Sections } {
  const what = kind === KIND_MODEL ? 'model' : 'group of trees';
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || header.getUint32(AT.magic, true) !== MAGIC) {
    throw new FormatError(`${what}: not an arvoredo file, it must begin with ARVO`);
  }
  const version = bytes.length < 6 ? 'missing' : header.getUint16(AT.version, true);
  if (version !== VERSION) {
    throw new FormatError(`${what}: version ${version}, this build reads ${VERSION}; train again`);
  }
  const length = bytes.length < HEADER_BYTES ? 0n : header.getBigUint64(AT.length, true);
  if (length !== BigInt(bytes.length)) {
    throw new FormatError(`${what}: damaged, ${bytes.length} bytes where the header says ${length || 'more'}`);
  }
  const counts = Object.fromEntries(
    COUNTS.map((name, i) => [name, header.getUint32(AT.counts + 4 * i, true)]),
  ) as Counts;
  if (fileBytes(counts) !== bytes.length) {
    throw new FormatError(`${what}: damaged, ${bytes.length} bytes where its counts add up to ${fileBytes(counts)}`);
  }
  if (header.getUint32(AT.checksum, true) !== checksum(bytes)) {
    throw new FormatError(`${what}: damaged, the checksum doesn't match; train again`);
  }
  if (header.getUint16(AT.kind, true) !== kind) {
    throw new FormatError(
      `${what}: this is another kind of file, kind ${header.getUint16(AT.kind, true)}, not ${kind}`,
    );
  }
  // views need the alignment that bytes read from elsewhere may lack
  const aligned = bytes.byteOffset % ALIGNMENT === 0 ? bytes : bytes.slice();
  return { counts, sections: viewSections(aligned, counts) };
}

function checksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(AT.counts), crc32(bytes.subarray(0, AT.checksum)));
}

function sectionShapes(counts: Counts) {
  return {
    labels: [Uint8Array, counts.labelBytes],
    edgeCounts: [Uint8Array, counts.numFeatures],
    edges: [Float32Array, counts.numEdges],
    treeSizes: [Uint32Array, counts.numTrees],
    feature: [Uint16Array, counts.numNodes],
    cut: [Uint8Array, counts.numNodes],
    // a tree has one leaf more than cuts
    leafRows: [Uint32Array, Math.floor((counts.numNodes + counts.numTrees) / 2)],
    leafStart: [Uint32Array, counts.numLeafRows + 1],
    leafClass: [Uint16Array, counts.numLeafEntries],
    leafCount: [Uint32Array, counts.numLeafEntries],
  } as const;
}

function fileBytes(counts: Counts): number {
  const shapes = Object.values(sectionShapes(counts));
  return shapes.reduce((sum, [type, length]) => sum + align(type.BYTES_PER_ELEMENT * length), HEADER_BYTES);
}

function viewSections(bytes: Uint8Array, counts: Counts): Sections {
  let at = bytes.byteOffset + HEADER_BYTES;
  const views = Object.entries(sectionShapes(counts)).map(([name, [type, length]]) => {
    const view = new type(bytes.buffer as ArrayBuffer, at, length);
    at += align(view.byteLength);
    return [name, view];
  });
  return Object.fromEntries(views) as Sections;
}

function align(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
