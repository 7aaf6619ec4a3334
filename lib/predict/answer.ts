// The answer of the API to rows.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { type Contributions, explainRows, pathsOfRow, type RowPath } from '../forest/explain.ts';
import type { ClassLabel, Model, ValueRange } from '../forest/model.ts';
import { featureNames } from '../forest/model.ts';
import { predictProba, predictValues } from '../forest/predict.ts';
import { countOutOfRange } from '../forest/ranges.ts';
import { type ParsedRows, parseRows } from './json-rows.ts';

const MAX_EXPLAINED_ROWS = 100; // a path has up to hundreds of tests, in each of the trees

/** A row's contributions to the probability of its label, or to its value. */
export interface Explanation {
  bias: number;
  /** By feature; with `bias` they add up to the prediction. */
  contributions: Record<string, number>;
  paths?: RowPath[];
}

export interface Prediction {
  /** The most probable class; of a regressor `value` stands in its place. */
  label?: ClassLabel;
  /** In the order of `classes`. */
  probabilities?: number[];
  value?: number;
  explanation?: Explanation;
}

/** Values outside of what the model's data had. */
export interface OutOfRangeReport {
  /** Of all values that are known. */
  share: number;
  features: { feature: string; rows: number; range: ValueRange }[];
  /** Features with categories that training didn't have, which count as missing, and how many rows have one. */
  unseen: { feature: string; rows: number }[];
}

export interface Answer {
  classes?: ClassLabel[];
  predictions: Prediction[];
  /** Null where the model doesn't say what its data had. */
  outOfRange: OutOfRangeReport | null;
}

const NAMES = ['rows', 'explain', 'paths'];

/**
 * @param request `rows`, and `explain` and `paths`, true for explanations
 * @throws {RowsError} on rows that don't fit the model, value by value
 * @throws {InputError} on anything else that is wrong with the request
 */
export function answerRows(model: Model, request: Record<string, unknown>): Answer {
  const { rows, explain = false, paths = false } = request;
  const unknown = Object.keys(request).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new InputError(`unknown field ${quote(unknown)}; known are ${NAMES.join(', ')}`);
  for (const [name, value] of Object.entries({ explain, paths })) {
    if (typeof value !== 'boolean') throw new InputError(`${name} must be true or false, got ${quote(value)}`);
  }
  const parsed = parseRows(model, rows);
  const { columns } = parsed;
  const numRows = columns[0].length;
  if ((explain || paths) && numRows > MAX_EXPLAINED_ROWS) {
    throw new InputError(`at most ${MAX_EXPLAINED_ROWS} rows are explained at once, got ${numRows}`);
  }
  const predictions = predictRows(model, columns);
  if (explain || paths) {
    const contributions = explainRows(model, columns);
    for (const [row, prediction] of predictions.entries()) {
      prediction.explanation = {
        ...toExplanation(model, contributions, row, prediction),
        ...(paths === true && { paths: pathsOfRow(model, columns, row) }),
      };
    }
  }
  return {
    ...(model.numClasses > 0 && { classes: model.classLabels }),
    predictions,
    outOfRange: model.ranges && reportOutOfRange(model, model.ranges, parsed),
  };
}

function predictRows(model: Model, columns: Float32Array[]): Prediction[] {
  const { numClasses, classLabels } = model;
  if (numClasses === 0) return Array.from(predictValues(model, columns), (value) => ({ value }));
  const all = predictProba(model, columns);
  return Array.from({ length: all.length / numClasses }, (_, row) => {
    const probabilities = Array.from(all.subarray(row * numClasses, (row + 1) * numClasses));
    return { label: classLabels[firstGreatest(probabilities)], probabilities };
  });
}

/** The most probable class, the first of equals. */
export function firstGreatest(probabilities: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < probabilities.length; k++) if (probabilities[k] > probabilities[best]) best = k;
  return best;
}

function toExplanation(
  model: Model,
  { width, bias, values }: Contributions,
  row: number,
  { probabilities }: Prediction,
): Explanation {
  const k = probabilities ? firstGreatest(probabilities) : 0;
  const names = featureNames(model);
  const entries = names.map((name, j) => [name, values[(row * names.length + j) * width + k]]);
  return { bias: bias[k], contributions: Object.fromEntries(entries) };
}

/** Which features had values outside of what training saw, and how many. */
function reportOutOfRange(
  model: Model,
  ranges: readonly ValueRange[],
  { columns, unseenRows }: ParsedRows,
): OutOfRangeReport {
  const { numValues, numOutside, byFeature } = countOutOfRange(ranges, columns);
  const names = featureNames(model);
  const features = byFeature.flatMap((rows, j) => (rows > 0 ? [{ feature: names[j], rows, range: ranges[j] }] : []));
  const unseen = unseenRows.flatMap((rows, j) => (rows > 0 ? [{ feature: names[j], rows }] : []));
  return { share: numValues > 0 ? numOutside / numValues : 0, features, unseen };
}
