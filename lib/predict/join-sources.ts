// Several files end to end, opened one after the other.

import { InputError } from '../errors.ts';
import type { RowBlock, RowSource } from './row-source.ts';

/**
 * @param name of all together
 * @param files at least one
 * @throws {InputError} when a file has other columns than the first
 */
export async function joinSources(
  name: string,
  files: readonly { name: string; open(): Promise<RowSource> }[],
): Promise<RowSource> {
  const first = await files[0].open();
  if (files.length === 1) return first;
  async function* blocks(wanted: readonly number[]): AsyncGenerator<RowBlock> {
    let rowStart = 0;
    for (const [i, file] of files.entries()) {
      const source = i === 0 ? first : await file.open();
      if (source.columnNames.join() !== first.columnNames.join()) {
        throw new InputError(
          `${source.name} has other columns than ${first.name}: ${source.columnNames.slice(0, 5).join(', ')}…`,
        );
      }
      for await (const block of source.blocks(wanted)) {
        yield { ...block, rowStart };
        rowStart += block.columns[0].length;
      }
    }
  }
  return { name, columnNames: first.columnNames, blocks };
}
