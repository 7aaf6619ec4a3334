// A forest as JSON for people and for `grep`.

import { InputError } from '../base/errors.ts';
import { LEAF_VALUE, LEAF_WEIGHT } from '../forest/leaf-table.ts';
import type { Model } from '../forest/model.ts';
import { categoriesByNode } from '../forest/thresholds.ts';
import { LEAF, MISSING_LEFT, type Tree } from '../forest/tree.ts';

const JSON_FORMAT = 'arvoredo forest';
const JSON_VERSION = 1;

/**
 * Write the model as lines of JSON: its classes, options and schema; its features with the edges of their bins and, if
 * there is a schema, their names; then one node a line, numbered as `apply` numbers them. A row goes left when its
 * value is at most `atMost` (null: any value that is not missing) or one of the categories `in`. Edges and `atMost` are
 * the shortest decimals of float32 numbers; round them to float32 before comparing.
 *
 * @throws {InputError} when two class labels have the same text
 */
export function* toJsonLines(model: Model): Generator<string> {
  const { numClasses, classLabels, edges, isCategorical, trees, options, ranges, schema } = model;
  const names = classLabels.map(String);
  if (new Set(names).size < names.length)
    throw new InputError('two class labels have the same text; rename one of them');
  const nameOf = (feature: number) => (schema ? `, "name": ${JSON.stringify(schema.features[feature].name)}` : '');
  const edgeTexts = edges.map((featureEdges) => Array.from(featureEdges, shortest));
  const hasFlags = trees.some(({ flags }) => flags !== undefined);
  yield `{\n"format": ${JSON.stringify(JSON_FORMAT)}, "version": ${JSON_VERSION},\n`;
  yield `"kind": "${numClasses > 0 ? 'classifier' : 'regressor'}",\n`;
  yield `"classes": ${JSON.stringify(classLabels)},\n`;
  yield `"options": ${JSON.stringify(options)},\n`;
  if (schema) yield `"schema": ${JSON.stringify(schema)},\n`;
  yield `"leaves": "${trees[0].leaves.counts instanceof Float64Array ? 'weights' : 'counts'}",\n`;
  yield `"missing": "${hasFlags ? 'as each node says' : 'to the child with more samples'}",\n`;
  yield '"features": [';
  for (const [j, texts] of edgeTexts.entries()) {
    const about = isCategorical[j] ? '"categorical": true' : `"edges": [${texts.join(', ')}]`;
    const range = ranges ? `, "range": ${JSON.stringify(ranges[j])}` : '';
    yield `${j > 0 ? ',' : ''}\n{"feature": ${j}${nameOf(j)}${range}, ${about}}`;
  }
  yield '\n],\n"trees": [';
  for (const [t, tree] of trees.entries()) {
    yield `${t > 0 ? ',' : ''}\n{"tree": ${t}, "nodes": [`;
    const categories = categoriesByNode(tree);
    const lines: string[] = [];
    for (let node = 0; node < tree.numNodes; node++) {
      const text =
        tree.feature[node] === LEAF
          ? leafText(tree, node, names)
          : testText(tree, node, { edgeTexts, categories, nameOf });
      const impurity = tree.impurity ? `, "impurity": ${tree.impurity[node]}` : '';
      lines.push(`\n{"node": ${node}, ${text}${impurity}}`);
    }
    yield lines.join(',');
    yield '\n]}';
  }
  yield '\n]\n}\n';
}

/** The shortest decimal that reads back as the same float32. */
function shortest(value: number): string {
  if (Object.is(value, -0)) return '-0';
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

function testText(
  tree: Tree,
  node: number,
  {
    edgeTexts,
    categories,
    nameOf,
  }: { edgeTexts: string[][]; categories: Map<number, number[]>; nameOf: (feature: number) => string },
): string {
  const feature = tree.feature[node];
  const set = categories.get(node);
  const test = set ? `"in": [${set.join(', ')}]` : `"atMost": ${edgeTexts[feature][tree.cut[node]] ?? null}`;
  const missing = tree.flags ? `, "missing": "${tree.flags[node] & MISSING_LEFT ? 'left' : 'right'}"` : '';
  return `"feature": ${feature}${nameOf(feature)}, ${test}${missing}, "left": ${node + 1}, "right": ${tree.next[node]}`;
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
