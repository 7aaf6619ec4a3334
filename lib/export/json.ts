// A forest as JSON that a person can read, and back: nothing of the model is lost.

import { FormatError, InputError } from '../errors.ts';
import { LEAF_VALUE, LEAF_WEIGHT, LeafTableBuilder } from '../forest/leaf-table.ts';
import { type ClassLabel, decodeModel, encodeModel, type Model, type ValueRange } from '../forest/model.ts';
import { categoriesByNode, categorySet } from '../forest/thresholds.ts';
import { CATEGORICAL, LEAF, MISSING_LEFT, SET_BYTES, type Tree } from '../forest/tree.ts';

const FORMAT = 'arvoredo forest';
const VERSION = 1;
const MAX_BYTE_EDGES = 254;

/**
 * The model as lines of JSON: what it says about itself, its features with the edges of their bins, then a node a line,
 * numbered as `apply` numbers them. A row goes left when its value is at most `atMost`, null for any known value, or one of
 * the categories `in`.
 *
 * @throws {InputError} when two class labels read the same
 */
export function* toJsonLines(model: Model): Generator<string> {
  const { numClasses, classLabels, edges, isCategorical, trees, options, ranges } = model;
  const names = classLabels.map(String);
  if (new Set(names).size < names.length) throw new InputError('two classes are called the same; rename them');
  const edgeTexts = edges.map((ofFeature) => Array.from(ofFeature, shortest));
  const hasFlags = trees.some(({ flags }) => flags !== undefined);
  yield `{\n"format": ${JSON.stringify(FORMAT)}, "version": ${VERSION},\n`;
  yield `"kind": "${numClasses > 0 ? 'classifier' : 'regressor'}",\n`;
  yield `"classes": ${JSON.stringify(classLabels)},\n`;
  yield `"options": ${JSON.stringify(options)},\n`;
  yield `"leaves": "${trees[0].leaves.counts instanceof Float64Array ? 'weights' : 'counts'}",\n`;
  yield `"missing": "${hasFlags ? 'as each node says' : 'to the child with more samples'}",\n`;
  yield '"features": [';
  for (const [j, texts] of edgeTexts.entries()) {
    const about = isCategorical[j] ? '"categorical": true' : `"edges": [${texts.join(', ')}]`;
    const range = ranges ? `, "range": ${JSON.stringify(ranges[j])}` : '';
    yield `${j > 0 ? ',' : ''}\n{"feature": ${j}${range}, ${about}}`;
  }
  yield '\n],\n"trees": [';
  for (const [t, tree] of trees.entries()) {
    yield `${t > 0 ? ',' : ''}\n{"tree": ${t}, "nodes": [`;
    const categories = categoriesByNode(tree);
    const lines: string[] = [];
    for (let node = 0; node < tree.numNodes; node++) {
      const text =
        tree.feature[node] === LEAF ? leafText(tree, node, names) : testText(tree, node, edgeTexts, categories);
      const impurity = tree.impurity ? `, "impurity": ${tree.impurity[node]}` : '';
      lines.push(`\n{"node": ${node}, ${text}${impurity}}`);
    }
    yield lines.join(',');
    yield '\n]}';
  }
  yield '\n]\n}\n';
}

/** The fewest digits that give a float32 again. */
function shortest(value: number): string {
  if (Object.is(value, -0)) return '-0';
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

function testText(tree: Tree, node: number, edgeTexts: string[][], categories: Map<number, number[]>): string {
  const feature = tree.feature[node];
  const set = categories.get(node);
  const test = set ? `"in": [${set.join(', ')}]` : `"atMost": ${edgeTexts[feature][tree.cut[node]] ?? null}`;
  const missing = tree.flags ? `, "missing": "${tree.flags[node] & MISSING_LEFT ? 'left' : 'right'}"` : '';
  return `"feature": ${feature}, ${test}${missing}, "left": ${node + 1}, "right": ${tree.next[node]}`;
}

function leafText({ next, leaves }: Tree, node: number, names: readonly string[]): string {
  const row = next[node];
  const start = leaves.start[row];
  if (names.length === 0) {
    return `"value": ${leaves.counts[start + LEAF_VALUE]}, "weight": ${leaves.counts[start + LEAF_WEIGHT]}`;
  }
  const entries: string[] = [];
  for (let i = start; i < leaves.start[row + 1]; i++) {
    entries.push(`${JSON.stringify(names[leaves.classes[i]])}: ${leaves.counts[i]}`);
  }
  return `"samples": {${entries.join(', ')}}`;
}

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
  const { format, version, kind, classes, options, leaves, missing, features, trees } = asFields(parsed, 'the file');
  if (format !== FORMAT) fail(`format must be ${FORMAT}, got ${JSON.stringify(format)}`);
  if (version !== VERSION) fail(`version ${version}, this build reads ${VERSION}`);
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
  const details = { isCategorical, options: options === null ? undefined : asFields(options, 'options'), ranges };
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
