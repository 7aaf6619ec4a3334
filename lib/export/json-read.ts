// Forests out of the JSON that json.ts writes: nothing of the model is lost.

import { FormatError } from '../base/errors.ts';
import { LEAF_VALUE, LEAF_WEIGHT, LeafTableBuilder } from '../forest/leaf-table.ts';
import { type ClassLabel, decodeModel, encodeModel, type Model, type ValueRange } from '../forest/model.ts';
import type { ModelSchema } from '../forest/model-about.ts';
import { categorySet } from '../forest/thresholds.ts';
import { CATEGORICAL, LEAF, MISSING_LEFT, SET_BYTES, type Tree } from '../forest/tree.ts';
import { JSON_FORMAT, JSON_VERSION } from './json.ts';

const MAX_BYTE_EDGES = 254;

type Fields = Record<string, unknown>;

/**
 * The model that `toJsonLines` wrote: encoded, it is the same bytes.
 *
 * @throws {FormatError} on anything else
 */
export function fromJson(text: string): Model {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    fail('not JSON', cause);
  }
  const { format, version, kind, classes, options, schema, leaves, missing, features, trees } = asFields(
    parsed,
    'the file',
  );
  if (format !== JSON_FORMAT) fail(`format must be ${JSON_FORMAT}, got ${JSON.stringify(format)}`);
  if (version !== JSON_VERSION) fail(`version ${version}, this build reads ${JSON_VERSION}`);
  const classLabels = asList(classes, 'classes') as ClassLabel[];
  const isRegressor = kind === 'regressor';
  const { edges, isCategorical, ranges } = readFeatures(asList(features, 'features'));
  const shape: Shape = {
    edges,
    cutOf: edges.map((ofFeature) => new Map(Array.from(ofFeature, (edge, cut) => [edge, cut]))),
    hasRealLeaves: leaves === 'weights',
    hasFlags: missing === 'as each node says',
    classOf: isRegressor ? null : new Map(classLabels.map((label, k) => [String(label), k])),
    isWide: edges.some(({ length }) => length > MAX_BYTE_EDGES),
  };
  const nodesOf = asList(trees, 'trees').map((tree, t) =>
    asList(asFields(tree, `tree ${t}`).nodes, `nodes of tree ${t}`),
  );
  const read = nodesOf.map((nodes, t) => readTree(nodes, t, shape));
  const details = {
    isCategorical,
    options: options === null ? undefined : asFields(options, 'options'),
    ranges,
    schema: schema as ModelSchema | undefined, // checked with the model
  };
  try {
    const model = decodeModel(encodeModel(read, edges, isRegressor ? 0 : classLabels.length, classLabels, details));
    for (const [t, tree] of model.trees.entries()) checkChildren(tree, read[t], t);
    return model;
  } catch (cause) {
    return fail((cause as Error).message, cause);
  }
}

function fail(what: string, cause?: unknown): never {
  throw new FormatError(`json: ${what}`, { cause });
}

function asFields(value: unknown, what: string): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : fail(`${what} must be an object`);
}

function asList(value: unknown, what: string): unknown[] {
  return Array.isArray(value) ? value : fail(`${what} must be a list`);
}

function readFeatures(features: unknown[]) {
  const isCategorical: boolean[] = [];
  const ranges: ValueRange[] = [];
  const edges = features.map((feature, j) => {
    const { categorical = false, edges = [], range } = asFields(feature, `feature ${j}`);
    if (range !== undefined) ranges.push(range as ValueRange); // checked with the model
    isCategorical.push(categorical === true);
    const numbers = asList(edges, `edges of feature ${j}`);
    if (!numbers.every(Number.isFinite)) fail(`edges of feature ${j} must be numbers`);
    return Float32Array.from(numbers as number[]);
  });
  return { edges, isCategorical, ranges: ranges.length > 0 ? ranges : undefined };
}

interface Shape {
  edges: Float32Array[];
  /** Place of each edge, by feature. */
  cutOf: Map<number, number>[];
  hasRealLeaves: boolean;
  hasFlags: boolean;
  /** Null of a regressor. */
  classOf: Map<string, number> | null;
  isWide: boolean;
}

function readTree(
  nodes: unknown[],
  t: number,
  { edges, cutOf, hasRealLeaves, hasFlags, classOf, isWide }: Shape,
): Tree {
  const numNodes = nodes.length;
  const sets: Uint8Array[] = [];
  const table: { entries: [index: number, count: number][]; node: number }[] = [];
  const tree = {
    numNodes,
    feature: new Uint16Array(numNodes).fill(LEAF),
    cut: isWide ? new Uint16Array(numNodes) : new Uint8Array(numNodes),
    next: new Uint32Array(numNodes),
    flags: new Uint8Array(numNodes),
    impurity: new Float64Array(numNodes),
  };
  let hasImpurity = false;
  for (const [node, value] of nodes.entries()) {
    const where = `node ${node} of tree ${t}`;
    const fields = asFields(value, where);
    if (fields.node !== node) fail(`${where} is numbered ${fields.node}`);
    if (typeof fields.impurity === 'number') {
      tree.impurity[node] = fields.impurity;
      hasImpurity = true;
    }
    if (!('feature' in fields)) {
      table.push({ node, entries: readLeaf(fields, where, classOf) });
      continue;
    }
    const { feature, atMost, missing, left, right } = fields;
    if (!Number.isInteger(feature) || !((feature as number) in edges)) fail(`${where} tests feature ${feature}`);
    if (left !== node + 1 || !Number.isInteger(right)) fail(`${where} has the children ${left} and ${right}`);
    tree.feature[node] = feature as number;
    tree.next[node] = right as number;
    if (missing === 'left') tree.flags[node] = MISSING_LEFT;
    if ('in' in fields) {
      const categories = asList(fields.in, `categories of ${where}`);
      const isCategory = (c: unknown) => Number.isInteger(c) && (c as number) >= 0 && (c as number) < 255;
      if (!categories.every(isCategory)) fail(`categories of ${where} must be from 0 to 254`);
      tree.flags[node] |= CATEGORICAL;
      sets.push(categorySet(categories as number[]));
      continue;
    }
    const cuts = cutOf[feature as number];
    const cut = atMost === null ? cuts.size : cuts.get(Math.fround(Number(atMost)));
    if (cut === undefined) fail(`${where} has the threshold ${atMost}, which is no edge of feature ${feature}`);
    tree.cut[node] = cut;
  }
  const leaves = new LeafTableBuilder(hasRealLeaves);
  for (const { node, entries } of table) {
    for (const [index, count] of entries) leaves.push(index, count);
    tree.next[node] = leaves.endRow();
  }
  const { flags, impurity, ...others } = tree;
  return {
    ...others,
    leaves: leaves.take(),
    ...(hasFlags && { flags }),
    ...(hasImpurity && { impurity }),
    ...(sets.length > 0 && { sets: concat(sets) }),
  };
}

/** A file that was changed by hand may say other children than its order does. */
function checkChildren(tree: Tree, read: Tree, t: number): void {
  for (let node = 0; node < tree.numNodes; node++) {
    if (tree.feature[node] !== LEAF && tree.next[node] !== read.next[node]) {
      fail(`node ${node} of tree ${t} has ${read.next[node]} on its right, its place says ${tree.next[node]}`);
    }
  }
}

function readLeaf(fields: Fields, where: string, classOf: Shape['classOf']): [index: number, count: number][] {
  if (classOf === null) {
    const { value, weight } = fields;
    if (!Number.isFinite(value) || !Number.isFinite(weight)) fail(`${where} must have a value and a weight`);
    return [
      [LEAF_VALUE, value as number],
      [LEAF_WEIGHT, weight as number],
    ];
  }
  const samples = Object.entries(asFields(fields.samples, `samples of ${where}`));
  const entries = samples.map(([name, count]): [number, number] => {
    const k = classOf.get(name);
    if (k === undefined || typeof count !== 'number') fail(`${where} has ${JSON.stringify(count)} samples of ${name}`);
    return [k, count];
  });
  return entries.sort(([a], [b]) => a - b);
}

function concat(sets: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(sets.length * SET_BYTES);
  for (const [i, set] of sets.entries()) all.set(set, i * SET_BYTES);
  return all;
}
