// Ingest: one part of a user's data as a partition, as generate makes those of a generator.

import { InputError } from '../base/errors.ts';
import type { IngestContext } from '../ingest/open.ts';
import { getParts, getSchema } from '../ingest/results.ts';
import { encodeRows } from '../ingest/rows.ts';
import { findSideColumn, readSideValues, sidesBy } from '../ingest/sides-by-column.ts';
import { readInput } from '../ingest/survey.ts';
import type { Plan } from '../plan/plan.ts';
import { runKeys } from '../store/keys.ts';
import { nameOf } from '../store/objects.ts';
import { runTask } from '../store/task.ts';
import { type GenerateTask, type PartitionResult, storePartition } from './generate.ts';

export function ingest(context: IngestContext, plan: Plan, { chunkIndex }: GenerateTask): Promise<PartitionResult> {
  const { store, runId } = context;
  if (chunkIndex >= plan.numChunks) {
    throw new InputError(`chunkIndex must be from 0 to ${plan.numChunks - 1}, got ${chunkIndex}`);
  }
  return runTask(store, runKeys(runId).partitionResult(chunkIndex), async () => {
    const [{ inputs, parts }, { schema, sides: rule }] = await Promise.all([
      getParts(store, runId),
      getSchema(store, runId),
    ]);
    const { fileIndex, rowStart, rowIndex } = parts.parts[chunkIndex];
    const batch = await readInput(context, inputs, parts, chunkIndex);
    const place = { file: nameOf(inputs.files[fileIndex].uri), rowStart };
    const rows = encodeRows(batch, schema, inputs.chosen, rowIndex, place);
    if (!rule) return storePartition(store, plan, runId, chunkIndex, rowIndex, rows);
    const { chosen, names } = inputs;
    const deciding = batch.columns[findSideColumn(chosen)!.column];
    const order = readSideValues(deciding, batch.numRows, chosen, names, place, plan.params.seed);
    const sideOf = sidesBy(rule);
    const sides = Uint8Array.from(order, (value, row) => sideOf(value, rowIndex + row));
    return storePartition(store, plan, runId, chunkIndex, rowIndex, { ...rows, sides });
  });
}
