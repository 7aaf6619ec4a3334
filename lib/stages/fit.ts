// Fit: grow the forest of one candidate of a search without one fold of the training rows, and score it there.

import { InputError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { balancedAccuracy, measureAccuracy } from '../metrics/accuracy.ts';
import { brier } from '../metrics/brier.ts';
import { logLoss } from '../metrics/log-loss.ts';
import { f1 } from '../metrics/precision-recall.ts';
import { r2 } from '../metrics/r2.ts';
import { meanAbsoluteError, rootMeanSquaredError } from '../metrics/regression-metrics.ts';
import { rocAuc } from '../metrics/roc-auc.ts';
import type { Plan } from '../plan/plan.ts';
import type { Overrides } from '../plan/search/candidates.ts';
import type { ScoringName } from '../plan/search/scoring.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { runTask } from '../store/task.ts';
import type { BinsResult } from './bins.ts';
import { isRegression } from './evaluated.ts';
import { type FoldPredictions, predictFold } from './fold.ts';
import type { TrainingInput } from './train.ts';

export interface FitTask {
  kind: 'fit';
  runId: string;
  /** Parameters of the candidate that are not the run's; the plan is made with them. */
  params: Overrides;
  fold: number;
  /** Training rows to use, those of the fold included. @default all */
  numRows?: number;
}

export interface FitResult {
  /** Rows that the forest was grown on, and rows of the fold that it was scored on. */
  numTrainingRows: number;
  numRows: number;
  numNodes: number;
  /** Each score of the task; null where the rows of the fold do not define it. */
  scores: Partial<Record<ScoringName, number | null>>;
  fitSeconds: number;
  scoreSeconds: number;
}

/** Key of the result: the same candidate on the same rows has the same key in every round. */
export function fitKey({ runId, params, fold, numRows }: FitTask): string {
  return runKeys(runId).fitResult(sha256(JSON.stringify([params, numRows ?? null])).slice(0, 16), fold);
}

/** @param plan plan of the candidate */
export function fitCandidate(
  store: Store,
  plan: Plan,
  task: FitTask,
  { gather, beforeTree }: TrainingInput,
): Promise<FitResult> {
  const { runId, fold, numRows = plan.numTrain } = task;
  const { folds: numFolds = 0 } = plan.params;
  if (fold >= numFolds) throw new InputError(`fold must be from 0 to ${numFolds - 1}, got ${fold}`);
  if (numRows > plan.numTrain) throw new InputError(`numRows must be at most ${plan.numTrain}, got ${numRows}`);
  return runTask(store, fitKey(task), async () => {
    const [rows, bins] = await Promise.all([gather(), getJson<BinsResult>(store, runKeys(runId).binsResult)]);
    const predictions = await predictFold(plan, { rows, bins }, { fold, numRows }, beforeTree);
    const startedAt = performance.now();
    const scores = scoreFold(predictions);
    const { numTrainingRows, labels, numNodes, growSeconds, predictSeconds } = predictions;
    return {
      numTrainingRows,
      numRows: labels.length,
      numNodes,
      scores,
      fitSeconds: growSeconds,
      scoreSeconds: predictSeconds + (performance.now() - startedAt) / 1000,
    };
  });
}

/** All scores of a fold's rows, which are few enough to be scored at once. */
function scoreFold({ labels, predicted, scored }: FoldPredictions): FitResult['scores'] {
  if (isRegression(scored)) {
    return {
      // one row has no variance to be explained
      r2: scored.numRows > 1 ? r2.value(scored.r2) : null,
      rmse: rootMeanSquaredError.value({ weight: scored.r2.weight, total: scored.r2.errors }),
      mae: meanAbsoluteError.value(scored.absolute),
    };
  }
  const { pairs, numClasses } = scored;
  const auc = rocAuc(numClasses);
  // one class against the rest: rows of both must exist
  const hasAll = new Set(labels).size === numClasses;
  return {
    accuracy: measureAccuracy(pairs).accuracy,
    'balanced-accuracy': balancedAccuracy.value(pairs),
    'f1-macro': f1('macro').value(pairs),
    'roc-auc': hasAll ? auc.value(auc.partial(labels, predicted)) : null,
    'log-loss': logLoss(numClasses).value(scored.logLoss),
    brier: brier(numClasses).value(scored.brier),
  };
}
