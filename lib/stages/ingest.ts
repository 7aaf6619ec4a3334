// Ingest: one part of a user's data as a partition, as generate makes those of a generator.

import { InputError } from '../base/errors.ts';
import type { IngestContext } from '../ingest/open.ts';
import { getParts, getSchema } from '../ingest/results.ts';
import { encodeRows } from '../ingest/rows.ts';
import { findSideColumn, readSideValues, sidesBy } from '../ingest/sides-by-column.ts';
import { readInput } from '../ingest/survey.ts';
import type { Plan } from '../plan/plan.ts';
import { runKeys } from '../store/keys.ts';
import { showName } from '../store/objects.ts';
import { runTask } from '../store/task.ts';
import { type GenerateTask, type PartitionResult, storePartition } from './generate.ts';

export function ingest(context: IngestContext, plan: Plan, { chunkIndex }: GenerateTask): Promise<PartitionResult> {
  const { store, runId } = context;
  if (chunkIndex >= plan.numChunks) {
    throw new InputError(`chunkIndex must be from 0 to ${plan.numChunks - 1}, got ${chunkIndex}`);
  }
  return runTask(store, runKeys(runId).partitionResult(chunkIndex), async () => {
    const [table, { schema, sides: rule }] = await Promise.all([getParts(store, runId), getSchema(store, runId)]);
    const { files, chosen, names } = table.inputs;
    const { fileIndex, rowStart, rowIndex } = table.parts.parts[chunkIndex];
    const batch = await readInput(context, table, chunkIndex);
    const location = { file: showName(files[fileIndex].uri), rowStart };
    const rows = encodeRows(batch, { schema, weight: chosen.weight }, rowIndex, location);
    const partition = { runId, index: chunkIndex, rowStart: rowIndex };
    if (!rule) return storePartition(store, plan, partition, rows);
    const { kind, column } = findSideColumn(chosen)!;
    const deciding = { kind, name: names[column], seed: plan.params.seed };
    const order = readSideValues(batch.columns[column], batch.numRows, deciding, location);
    const sideOf = sidesBy(rule);
    const sides = Uint8Array.from(order, (value, row) => sideOf(value, rowIndex + row));
    return storePartition(store, plan, partition, { ...rows, sides });
  });
}
