// The layout of a model file; format.md has the table.

import { crc32 } from 'node:zlib';
import { FormatError } from '../base/errors.ts';
import { SET_BYTES } from './tree.ts';

export const KIND_MODEL = 1;
export const KIND_TREES = 2;

/** Bits of `layout` in the header: optional parts of the trees, in addition to features and one-byte cuts. */
export const LAYOUT = { wideCuts: 1, flags: 2, realLeaves: 4, impurity: 8 } as const;
const LAYOUT_BITS = 15;

/** The counts in the header, in this order. */
const COUNTS = [
  'numFeatures',
  'numClasses',
  'numTrees',
  'numNodes',
  'numLeafRows',
  'numLeafEntries',
  'numEdges',
  'aboutBytes',
  'layout',
  'numSets',
] as const;
export type Counts = Record<(typeof COUNTS)[number], number>;

const MAGIC = 0x4f565241; // 'ARVO' as a little-endian number
const VERSION = 2;
const HEADER_BYTES = 64;
const ALIGNMENT = 8;
const AT = { magic: 0, version: 4, kind: 6, length: 8, checksum: 16, counts: 20 };

/** The sections of a file, as views of its bytes. */
export interface Sections {
  about: Uint8Array;
  edgeCounts: Uint16Array;
  edges: Float32Array;
  treeSizes: Uint32Array;
  feature: Uint16Array;
  cut: Uint8Array | Uint16Array;
  flags: Uint8Array;
  sets: Uint8Array;
  impurity: Float64Array;
  leafRows: Uint32Array;
  leafStart: Uint32Array;
  leafClass: Uint16Array;
  leafCount: Uint32Array | Float64Array;
}

/** Create a file of zeros with its header, except for the checksum, and views to fill it. */
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

/** Write the checksum, as the last step. */
export function sealFile(bytes: Uint8Array): void {
  new DataView(bytes.buffer).setUint32(AT.checksum, checksum(bytes), true);
}

/**
 * Check a file's header and checksum and view its sections; nothing is allocated before the length is known to fit.
 *
 * @throws {FormatError} on a wrong magic, version, length, checksum or kind
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
  if (counts.layout > LAYOUT_BITS) throw new FormatError(`${what}: damaged, layout ${counts.layout}`);
  // views need an alignment that the caller's bytes may lack
  const aligned = bytes.byteOffset % ALIGNMENT === 0 ? bytes : bytes.slice();
  return { counts, sections: viewSections(aligned, counts) };
}

function checksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(AT.counts), crc32(bytes.subarray(0, AT.checksum)));
}

function sectionShapes(counts: Counts) {
  const { layout, numNodes } = counts;
  const countType: typeof Uint32Array | typeof Float64Array = layout & LAYOUT.realLeaves ? Float64Array : Uint32Array;
  const cutType: typeof Uint8Array | typeof Uint16Array = layout & LAYOUT.wideCuts ? Uint16Array : Uint8Array;
  return {
    about: [Uint8Array, counts.aboutBytes],
    edgeCounts: [Uint16Array, counts.numFeatures],
    edges: [Float32Array, counts.numEdges],
    treeSizes: [Uint32Array, counts.numTrees],
    feature: [Uint16Array, numNodes],
    cut: [cutType, numNodes],
    flags: [Uint8Array, layout & LAYOUT.flags ? numNodes : 0],
    sets: [Uint8Array, counts.numSets * SET_BYTES],
    impurity: [Float64Array, layout & LAYOUT.impurity ? numNodes : 0],
    // a tree has one more leaf than cuts
    leafRows: [Uint32Array, Math.floor((numNodes + counts.numTrees) / 2)],
    leafStart: [Uint32Array, counts.numLeafRows + 1],
    leafClass: [Uint16Array, counts.numLeafEntries],
    leafCount: [countType, counts.numLeafEntries],
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
