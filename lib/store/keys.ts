// Where each object of a run lies. A task's output key is a function of the task, so any attempt writes the same key.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';

const pad = (index: number) => String(index).padStart(5, '0');

/** Keys of one run. `…Result` keys are created last by a task: the task is finished when the object is there. */
export function runKeys(runId: string) {
  const root = `runs/${runId}`;
  return {
    /** prefix of all keys of the run */
    root: `${root}/`,
    /** the run's parameters, created once */
    run: `${root}/run.json`,
    /** state and progress by stage, replaced as the run goes on */
    status: `${root}/status.json`,
    /** there when the run was cancelled */
    cancel: `${root}/cancel.json`,
    report: `${root}/report.json`,
    /** the files of a run on data, and what was found in them */
    inputs: `${root}/data/inputs.json`,
    piece: (fileIndex: number, index: number) => `${root}/data/file-${pad(fileIndex)}/piece-${pad(index)}`,
    scan: (index: number) => `${root}/data/scan-${pad(index)}.json`,
    parts: `${root}/data/parts.json`,
    survey: (index: number) => `${root}/data/survey-${pad(index)}.json`,
    /** what decides on the side of each row of a part */
    order: (index: number) => `${root}/data/order-${pad(index)}.bin`,
    schema: `${root}/data/schema.json`,
    /** the tasks that the last execution could not finish */
    failed: `${root}/failed.json`,
    /** when each attempt was asked for and answered */
    timeline: `${root}/timeline.json`,
    folder: (name: string) => `${root}/${name}/`,
    /** the same for a person, in one file */
    reportPage: `${root}/report.html`,
    partition: (index: number) => `${root}/dataset/part-${pad(index)}.arrow`,
    sample: (index: number) => `${root}/dataset/part-${pad(index)}.sample.arrow`,
    partitionResult: (index: number) => `${root}/dataset/part-${pad(index)}.json`,
    binsResult: `${root}/bins/bins.json`,
    train: (index: number) => `${root}/train/part-${pad(index)}.arrow`,
    test: (index: number) => `${root}/test/part-${pad(index)}.arrow`,
    validation: (index: number) => `${root}/validation/part-${pad(index)}.arrow`,
    splitResult: (index: number) => `${root}/split/part-${pad(index)}.json`,
    trees: (treeStart: number, treeEnd: number) => `${root}/trees/trees-${pad(treeStart)}-${pad(treeEnd)}.bin`,
    treesResult: (treeStart: number, treeEnd: number) => `${root}/trees/trees-${pad(treeStart)}-${pad(treeEnd)}.json`,
    oob: (treeStart: number, treeEnd: number) => `${root}/trees/trees-${pad(treeStart)}-${pad(treeEnd)}.oob.arrow`,
    model: `${root}/model/model.arvo`,
    foldResult: (index: number) => `${root}/folds/fold-${pad(index)}.json`,
    /** what a candidate of a search scores on a fold */
    fitResult: (candidate: string, fold: number) => `${root}/search/${candidate}-${pad(fold)}.json`,
    modelResult: `${root}/model/model.json`,
    evaluateResult: (index: number) => `${root}/evaluate/part-${pad(index)}.json`,
  };
}

/** Keys of one prediction of a table, which belongs to no run: its model may have come from a file. */
export function predictionKeys(predictionId: string) {
  const root = `predictions/${predictionId}`;
  return {
    /** what was asked for, created once */
    request: `${root}/request.json`,
    /** how far it is, replaced as it goes on */
    status: `${root}/status.json`,
    result: `${root}/result.json`,
    /** a model that came from a file */
    model: `${root}/model.arvo`,
    inputs: `${root}/data/inputs.json`,
    piece: (fileIndex: number, index: number) => `${root}/data/file-${pad(fileIndex)}/piece-${pad(index)}`,
    scan: (index: number) => `${root}/data/scan-${pad(index)}.json`,
    parts: `${root}/data/parts.json`,
    /** the answer to a part, a file of the format that was asked for */
    answer: (index: number, format: string) => `${root}/answers/${partName(index, format)}`,
    answerResult: (index: number) => `${root}/answers/part-${pad(index)}.json`,
    folder: (name: string) => `${root}/${name}/`,
  };
}

/** Name of a file of a part. */
export function partName(index: number, format: string): string {
  return `part-${pad(index)}.${format}`;
}

/** Prefix under which all runs lie. */
export const RUNS_PREFIX = 'runs/';

/** A durable execution's name has 64 characters: 5 are left for `__999`, which no run id may have in it. */
const RUN_ID = /^(?!.*__)[A-Za-z0-9][A-Za-z0-9_-]{0,58}$/;

/**
 * Check a run id: it becomes part of keys and of a durable execution's name.
 *
 * @throws {InputError} when it is not 1 to 59 letters, digits, `-` or `_`, beginning with a letter or digit, without `__`
 */
export function checkRunId(runId: string): string {
  if (typeof runId !== 'string' || !RUN_ID.test(runId)) {
    throw new InputError(
      `run id must be 1 to 59 letters, digits, - or _, beginning with a letter or digit, without __, got ${quote(runId)}`,
    );
  }
  return runId;
}

/** Name of the `n`-th execution of a run, counted from 1: no two runs share one. */
export function executionName(runId: string, n: number): string {
  return n === 1 ? runId : `${runId}__${n}`;
}

/** Name of the `n`-th execution of a prediction; no run has one of its kind. */
export function predictionExecution(predictionId: string, n: number): string {
  return `${predictionId}__p${n}`;
}

/** The run that an execution of this name belongs to. */
export function runIdOfExecution(name: string): string {
  return name.replace(/__\d+$/, '');
}
