// The tasks of each stage of a run. A task's input and result keys follow from the task alone.

import type { Plan } from '../plan/plan.ts';
import type { Overrides } from '../plan/search/candidates.ts';
import type { BinsTask } from '../stages/bins.ts';
import type { EvaluateTask } from '../stages/evaluate.ts';
import type { FoldTask } from '../stages/fold.ts';
import type { GenerateTask } from '../stages/generate.ts';
import type { SplitTask } from '../stages/split.ts';
import type { StageTask } from '../stages/stage.ts';
import type { GrowTask, MergeTask } from '../stages/train.ts';
import { runKeys } from '../store/keys.ts';

/** The forest to grow; after a search, `params` are those of the best candidate. */
export interface Grown {
  plan: Plan;
  params?: Overrides;
}

/** A task that follows a search has the best candidate's parameters. */
type TaskOf<Task> = Task & { params?: Overrides };

/** Indices of the chunks, which are those of the partitions too. */
export function chunkIndices({ numChunks }: Plan): number[] {
  return Array.from({ length: numChunks }, (_, i) => i);
}

export function generateTasks(runId: string, plan: Plan): StageTask[] {
  const keys = runKeys(runId);
  return chunkIndices(plan).map((chunkIndex) => ({
    taskId: `generate-${chunkIndex}`,
    payload: { runId, chunkIndex } satisfies GenerateTask,
    inputKey: keys.run,
    resultKey: keys.partitionResult(chunkIndex),
  }));
}

export function binsTask(runId: string): StageTask {
  const keys = runKeys(runId);
  return {
    taskId: 'bins',
    payload: { kind: 'bins', runId } satisfies BinsTask,
    inputKey: keys.folder('dataset'),
    resultKey: keys.binsResult,
  };
}

export function splitTasks(runId: string, plan: Plan): StageTask[] {
  const keys = runKeys(runId);
  return chunkIndices(plan).map((partitionIndex) => ({
    taskId: `split-${partitionIndex}`,
    payload: { kind: 'split', runId, partitionIndex } satisfies SplitTask,
    inputKey: keys.partition(partitionIndex),
    resultKey: keys.splitResult(partitionIndex),
  }));
}

export function growTasks(runId: string, { plan, params }: Grown): StageTask[] {
  const keys = runKeys(runId);
  return plan.treeGroups.map(([treeStart, treeEnd]) => ({
    taskId: `train-${treeStart}-${treeEnd}`,
    payload: { kind: 'grow', runId, treeStart, treeEnd, params } satisfies TaskOf<GrowTask>,
    inputKey: keys.folder('train'),
    resultKey: keys.treesResult(treeStart, treeEnd),
  }));
}

export function mergeTask(runId: string, { params }: Grown): StageTask {
  const keys = runKeys(runId);
  return {
    taskId: 'merge',
    payload: { kind: 'merge', runId, params } satisfies TaskOf<MergeTask>,
    inputKey: keys.folder('trees'),
    resultKey: keys.modelResult,
  };
}

/** @param folds their indices */
export function foldTasks(runId: string, folds: readonly number[]): StageTask[] {
  const keys = runKeys(runId);
  return folds.map((fold) => ({
    taskId: `fold-${fold}`,
    payload: { kind: 'fold', runId, fold } satisfies FoldTask,
    inputKey: keys.folder('train'),
    resultKey: keys.foldResult(fold),
  }));
}

export function evaluateTasks(runId: string, { plan, params }: Grown): StageTask[] {
  const keys = runKeys(runId);
  return chunkIndices(plan).map((partitionIndex) => ({
    taskId: `evaluate-${partitionIndex}`,
    payload: { runId, partitionIndex, params } satisfies TaskOf<EvaluateTask>,
    inputKey: keys.test(partitionIndex),
    resultKey: keys.evaluateResult(partitionIndex),
  }));
}
