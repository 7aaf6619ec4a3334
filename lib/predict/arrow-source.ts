// Rows of an Arrow IPC file of numbers, as partitions are.

import { FormatError, InputError } from '../errors.ts';
import { readArrow } from '../partition/arrow-reader.ts';
import { BLOCK_ROWS, type RowBlock, type RowSource } from './row-source.ts';

/** @throws {InputError} when it is no Arrow file of flat columns of numbers */
export function arrowSource(name: string, bytes: Uint8Array): RowSource {
  const { numRows, columns } = (() => {
    try {
      return readArrow(bytes);
    } catch (cause) {
      const why = cause instanceof FormatError ? cause.message : 'damaged';
      throw new InputError(`${name} is no Arrow file that can be read: ${why}`, { cause });
    }
  })();
  const columnNames = [...columns.keys()];
  async function* blocks(wanted: readonly number[]): AsyncGenerator<RowBlock> {
    for (let rowStart = 0; rowStart < numRows; rowStart += BLOCK_ROWS) {
      const values = wanted.map((at) =>
        Float32Array.from(columns.get(columnNames[at])!.subarray(rowStart, rowStart + BLOCK_ROWS)),
      );
      for (const [i, column] of values.entries()) {
        const row = column.findIndex((value) => !Number.isFinite(value) && !Number.isNaN(value));
        if (row < 0) continue;
        throw new InputError(
          `${name}, row ${rowStart + row}: ${columnNames[wanted[i]]} must be a number that float32 can hold, got ${column[row]}`,
        );
      }
      yield { rowStart, columns: values };
    }
  }
  return { name, columnNames, blocks };
}
