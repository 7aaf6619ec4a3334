// The program of an exported JavaScript module: everything but the model. It reads the format of lib/forest/format.md,
// which the exporter has checked. Of a browser, Node or an edge runtime it needs `atob` only.

import { DATE } from '../tables/cells.ts';

export const JS_RUNTIME = `
const LEAF = 0xffff, MISSING_LEFT = 1, CATEGORICAL = 2, SET_BYTES = 32;

const text = atob(MODEL);
const bytes = new Uint8Array(text.length);
for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
const header = new DataView(bytes.buffer);
const [numFeatures, numClasses, numTrees, numNodes, numLeafRows, numLeafEntries, numEdges, aboutBytes, layout, numSets] =
  Array.from({ length: 10 }, (_, i) => header.getUint32(20 + 4 * i, true));
let sectionAt = 64;
function section(type, length) {
  const view = new type(bytes.buffer, sectionAt, length);
  sectionAt += 8 * Math.ceil(view.byteLength / 8);
  return view;
}
const about = JSON.parse(new TextDecoder().decode(section(Uint8Array, aboutBytes)));
const edgeCounts = section(Uint16Array, numFeatures);
const edges = section(Float32Array, numEdges);
const treeSizes = section(Uint32Array, numTrees);
const feature = section(Uint16Array, numNodes);
const cut = section(layout & 1 ? Uint16Array : Uint8Array, numNodes);
const storedFlags = section(Uint8Array, layout & 2 ? numNodes : 0);
const sets = section(Uint8Array, SET_BYTES * numSets);
section(Float64Array, layout & 8 ? numNodes : 0);
const leafRows = section(Uint32Array, (numNodes + numTrees) / 2);
const leafStart = section(Uint32Array, numLeafRows + 1);
const leafClass = section(Uint16Array, numLeafEntries);
const leafCount = section(layout & 4 ? Float64Array : Uint32Array, numLeafEntries);

/** Labels in the order of the probabilities; empty for regression. */
export const classes = about.classLabels;
/** Names of the features in rows that are objects. */
export const featureNames = Array.from({ length: numFeatures }, (_, j) => about.schema?.features[j].name ?? 'f' + j);
export { numFeatures, numClasses, numTrees, numNodes };

const edgeStart = new Uint32Array(numFeatures + 1);
for (let j = 0; j < numFeatures; j++) edgeStart[j + 1] = edgeStart[j] + edgeCounts[j];
const isCategorical = new Uint8Array(numFeatures);
for (const j of about.categorical ?? []) isCategorical[j] = 1;

// right child of each node, row of the leaf table of a leaf; the left child is the next node
const next = new Uint32Array(numNodes);
const setStart = new Uint32Array(numSets > 0 ? numNodes : 0);
const roots = new Uint32Array(numTrees);
{
  const waiting = [];
  let node = 0, leaf = 0, set = 0;
  for (let t = 0; t < numTrees; t++) {
    roots[t] = node;
    for (const end = node + treeSizes[t]; node < end; node++) {
      if (feature[node] !== LEAF) {
        waiting.push(node);
        if (storedFlags[node] & CATEGORICAL) setStart[node] = SET_BYTES * set++;
      } else {
        next[node] = leafRows[leaf++];
        if (node + 1 < end) next[waiting.pop()] = node + 1;
      }
    }
  }
}

const leafWeight = new Float64Array(numLeafRows);
for (let row = 0; row < numLeafRows; row++) {
  if (numClasses === 0) leafWeight[row] = leafCount[leafStart[row] + 1];
  else for (let i = leafStart[row]; i < leafStart[row + 1]; i++) leafWeight[row] += leafCount[i];
}
const fractions = numClasses === 0 ? null : new Float64Array(numLeafEntries);
for (let row = 0; fractions && row < numLeafRows; row++) {
  for (let i = leafStart[row]; i < leafStart[row + 1]; i++) fractions[i] = leafCount[i] / leafWeight[row];
}

let flags = layout & 2 ? storedFlags : null;
/** Missing values go to the child with more samples where the training data had none. */
function biggerChildren() {
  const weights = new Float64Array(numNodes);
  flags = new Uint8Array(numNodes);
  for (let node = numNodes - 1; node >= 0; node--) {
    if (feature[node] === LEAF) weights[node] = leafWeight[next[node]];
    else {
      weights[node] = weights[node + 1] + weights[next[node]];
      if (weights[node + 1] > weights[next[node]]) flags[node] = MISSING_LEFT;
    }
  }
}

/** A cell of a table as a number; a category that training did not have is a missing value. */
function toNumber(cell, j, index) {
  const { type, categories } = about.schema?.features[j] ?? {};
  if (cell === null || cell === undefined || type === undefined || type === 'numeric') return cell;
  if (type === 'categorical') {
    const code = categories.findIndex((category) => String(category) === String(cell));
    return code < 0 ? null : code;
  }
  const value = type === 'boolean' ? { true: 1, false: 0 }[String(cell).toLowerCase()] : toDays(cell);
  if (Number.isFinite(value)) return value;
  const allowed = type === 'boolean' ? 'true or false' : 'a date or time as in 2026-11-24';
  throw new RangeError('row ' + index + ': ' + featureNames[j] + ' must be ' + allowed + ', got ' + cell);
}

/** Days since 1970 of a Date or an ISO 8601 text (UTC if it has no time zone); NaN for anything else. */
function toDays(cell) {
  if (cell instanceof Date) return cell.getTime() / 86400000;
  if (typeof cell !== 'string' || !${DATE.toString()}.test(cell)) return NaN;
  const day = new Date(cell.slice(0, 10) + 'T00:00Z');
  if (day.getUTCDate() !== Number(cell.slice(8, 10))) return NaN; // such as February 30
  return Date.parse(/[T ]..:..(:[0-9.]+)?$/.test(cell) ? cell.replace(' ', 'T') + 'Z' : cell.replace(' ', 'T')) / 86400000;
}

/** A row as float32 numbers; null, undefined and NaN are missing values. */
function toValues(row, index) {
  if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
    const other = Object.keys(row).find((name) => !featureNames.includes(name));
    if (other !== undefined) throw new RangeError('row ' + index + ': unknown feature ' + other);
    row = featureNames.map((name, j) => (Object.hasOwn(row, name) ? toNumber(row[name], j, index) : null));
  }
  if (row.length !== numFeatures) throw new RangeError('row ' + index + ' must have ' + numFeatures + ' values, got ' + row.length);
  return Float32Array.from(row, (value, j) => {
    if (value === null || value === undefined || Number.isNaN(value)) return NaN;
    const isRight = isCategorical[j] ? Number.isInteger(value) && value >= 0 && value < 255 : Number.isFinite(Math.fround(value));
    if (typeof value !== 'number' || !isRight) {
      throw new RangeError('row ' + index + ': feature ' + j + ' must be ' + (isCategorical[j] ? 'a category from 0 to 254' : 'a finite float32') + ', got ' + value);
    }
    return value;
  });
}

function findLeaf(root, values) {
  let node = root;
  for (let j = feature[node]; j !== LEAF; j = feature[node]) {
    const value = values[j];
    let isLeft;
    if (value !== value) {
      if (!flags) biggerChildren();
      isLeft = (flags[node] & MISSING_LEFT) !== 0;
    } else if (isCategorical[j]) {
      isLeft = ((sets[setStart[node] + (value >> 3)] >> (value & 7)) & 1) === 1;
    } else {
      const edge = edgeStart[j] + cut[node];
      isLeft = edge >= edgeStart[j + 1] || value <= edges[edge];
    }
    node = isLeft ? node + 1 : next[node];
  }
  return next[node];
}

/** Class probabilities of each row, a list of rows of numFeatures values. */
export function predictProba(rows) {
  if (numClasses === 0) throw new TypeError('a regressor has no probabilities; use predict');
  return Array.from(rows, (row, index) => {
    const values = toValues(row, index);
    const sums = new Array(numClasses).fill(0);
    for (const root of roots) {
      const leaf = findLeaf(root, values);
      for (let i = leafStart[leaf]; i < leafStart[leaf + 1]; i++) sums[leafClass[i]] += fractions[i];
    }
    return sums.map((sum) => sum / numTrees);
  });
}

/** The most probable label of each row; for regression its value. */
export function predict(rows) {
  if (numClasses > 0) {
    return predictProba(rows).map((shares) => classes[shares.reduce((best, p, k) => (p > shares[best] ? k : best), 0)]);
  }
  return Array.from(rows, (row, index) => {
    const values = toValues(row, index);
    let sum = 0;
    for (const root of roots) sum += leafCount[leafStart[findLeaf(root, values)]];
    return sum / numTrees;
  });
}
`;
