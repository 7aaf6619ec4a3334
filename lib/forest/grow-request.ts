// The request that all trainers take: which trees to grow, on which table.

import type { ResolvedParams } from './params.ts';
import type { TrainingTable } from './training-table.ts';
import type { BeforeTree } from './tree-queue.ts';

export interface GrowRequest {
  /** Must have passed `checkTable`. */
  table: TrainingTable;
  params: ResolvedParams;
  /** First tree; tree i depends on the table, the parameters and i alone. */
  treeStart: number;
  treeEnd: number; // exclusive
  /** From 1 to 256. @default the number of processors */
  numThreads?: number;
  /** Cancels the work. @default never */
  beforeTree?: BeforeTree;
}
