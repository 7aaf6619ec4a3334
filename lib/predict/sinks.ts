// Predictions as files: CSV as it comes, Arrow at the end.

import { bool, float64, tableFromArrays, tableToIPC, uint32, utf8 } from '@uwdata/flechette';
import type { Model } from '../forest/model.ts';
import type { PredictedBlock } from './batch.ts';
import { featureNames } from './json-rows.ts';

/** Takes blocks in order, and gives the pieces of the file. */
export interface Sink {
  add(block: PredictedBlock): string | undefined;
  end(): string | Uint8Array;
}

/**
 * Names of the numbers after `row` and `label`: probabilities by class, or `value`; then, explained, `bias` and what each
 * feature adds to the probability of the label, or to the value.
 */
function numberNames(model: Model, explain: boolean): string[] {
  const predicted = model.numClasses > 0 ? model.classLabels.map((label) => `p_${label}`) : ['value'];
  return explain ? [...predicted, 'bias', ...featureNames(model).map((name) => `from_${name}`)] : predicted;
}

/** Numbers with as many digits as give the same float64 again. */
export function csvSink(model: Model, explain: boolean): Sink {
  const hasLabels = model.numClasses > 0;
  const labels = model.classLabels.map((label) => csvCell(String(label)));
  let isFirst = true;
  return {
    add(block) {
      const lines: string[] = [];
      if (isFirst)
        lines.push(['row', ...(hasLabels ? ['label'] : []), ...numberNames(model, explain)].map(csvCell).join(','));
      isFirst = false;
      for (let i = 0; i < block.numRows; i++) {
        const cells: (string | number)[] = [block.rowStart + i];
        if (block.classIndexes) cells.push(labels[block.classIndexes[i]]);
        lines.push([...cells, ...numbersOf(block, i)].join(','));
      }
      return `${lines.join('\n')}\n`;
    },
    end: () => '',
  };
}

function* numbersOf({ predicted, contributions, numRows }: PredictedBlock, row: number): Generator<number> {
  const width = predicted.length / numRows;
  yield* predicted.subarray(row * width, (row + 1) * width);
  if (!contributions) return;
  const more = contributions.length / numRows;
  yield* contributions.subarray(row * more, (row + 1) * more);
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One record batch; holds all predictions until the end. */
export function arrowSink(model: Model, explain: boolean): Sink {
  const blocks: PredictedBlock[] = [];
  return {
    add(block) {
      blocks.push(block);
      return undefined;
    },
    end() {
      const names = numberNames(model, explain);
      const numRows = blocks.reduce((sum, block) => sum + block.numRows, 0);
      const numbers = names.map(() => new Float64Array(numRows));
      const labels: unknown[] = [];
      let at = 0;
      for (const block of blocks) {
        for (let i = 0; i < block.numRows; i++, at++) {
          let column = 0;
          for (const number of numbersOf(block, i)) numbers[column++][at] = number;
          if (block.classIndexes) labels.push(model.classLabels[block.classIndexes[i]]);
        }
      }
      const first = model.classLabels[0];
      const labelType = typeof first === 'string' ? utf8() : typeof first === 'boolean' ? bool() : float64();
      const columns: Record<string, ArrayLike<unknown>> = { row: Uint32Array.from({ length: numRows }, (_, i) => i) };
      if (labels.length > 0) columns.label = labels;
      for (const [i, name] of names.entries()) columns[name] = numbers[i];
      const types = Object.fromEntries(Object.keys(columns).map((name) => [name, float64()]));
      const table = tableFromArrays(columns as never, {
        types: { ...types, row: uint32(), ...(labels.length > 0 && { label: labelType }) },
      });
      return tableToIPC(table, { format: 'file' })!;
    },
  };
}
