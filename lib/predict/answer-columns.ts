// The columns of an answer; they depend on the kind of the model.

import { InputError } from '../base/errors.ts';
import type { Model } from '../forest/model.ts';
import { featureNames } from '../forest/model.ts';
import type { Cells } from '../tables/cells.ts';
import { toValue } from '../tables/column-profile.ts';
import type { PredictedRows } from './batch.ts';

/** A column of the answer. */
export type AnswerColumn = { name: string } & (
  | { type: 'row'; values: Uint32Array }
  | { type: 'number'; values: Float64Array }
  | { type: 'truth'; values: boolean[] }
  /** Of columns that were passed on null is a missing value. */
  | { type: 'text'; values: (string | null)[]; isPassedOn: boolean }
);

const ROW = 'row';
const LABEL = 'label';

/**
 * Names of the numbers of each row: probabilities by class, or the prediction; then, explained, `bias` and what each feature
 * adds to the probability of the label, or to the value.
 */
function numberNames(model: Model, explain: boolean): string[] {
  const predicted = model.numClasses > 0 ? model.classLabels.map((label) => `p_${label}`) : ['prediction'];
  return explain ? [...predicted, 'bias', ...featureNames(model).map((name) => `from_${name}`)] : predicted;
}

/** @throws {InputError} when a column to be passed on is called as one of the answer, or named twice */
export function checkKept(model: Model, explain: boolean, kept: readonly string[]): void {
  const own = new Set([ROW, LABEL, ...numberNames(model, explain)]);
  const taken = kept.find((name) => own.has(name));
  if (taken !== undefined) {
    throw new InputError(`keep names ${JSON.stringify(taken)}, and a column of the answer is called so; rename it`);
  }
  const twice = kept.find((name, i) => kept.indexOf(name) < i);
  if (twice !== undefined) throw new InputError(`keep names ${JSON.stringify(twice)} twice`);
}

/**
 * @param rowIndex number of the first row in the whole table
 * @param kept columns of the table that are passed on, as texts
 */
export function answerColumns(
  model: Model,
  { numRows, predicted, classIndexes, contributions }: PredictedRows,
  rowIndex: number,
  kept: readonly { name: string; cells: Cells }[] = [],
): AnswerColumn[] {
  const columns: AnswerColumn[] = [
    { name: ROW, type: 'row', values: Uint32Array.from({ length: numRows }, (_, i) => rowIndex + i) },
  ];
  for (const { name, cells } of kept) {
    const values = Array.from({ length: numRows }, (_, row) => {
      const cell = cells.at(row);
      return cell === null ? null : String(toValue(cell));
    });
    columns.push({ name, type: 'text', values, isPassedOn: true });
  }
  if (classIndexes) columns.push(labelColumn(model, classIndexes));
  const names = numberNames(model, contributions !== undefined);
  const width = model.numClasses || 1;
  for (const [j, name] of names.entries()) {
    const [from, stride, at] = j < width ? [predicted, width, j] : [contributions!, names.length - width, j - width];
    const values = Float64Array.from({ length: numRows }, (_, row) => from[row * stride + at]);
    columns.push({ name, type: 'number', values });
  }
  return columns;
}

function labelColumn({ classLabels }: Model, classIndexes: Uint16Array): AnswerColumn {
  const name = LABEL;
  switch (typeof classLabels[0]) {
    case 'boolean':
      return { name, type: 'truth', values: Array.from(classIndexes, (k) => classLabels[k] === true) };
    case 'number':
      return { name, type: 'number', values: Float64Array.from(classIndexes, (k) => Number(classLabels[k])) };
    default:
      return { name, type: 'text', values: Array.from(classIndexes, (k) => String(classLabels[k])), isPassedOn: false };
  }
}
