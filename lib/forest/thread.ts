// A thread of the pool. build-kernel.ts bundles this file into a string, so that no separate file is needed at run time.

import { parentPort } from 'node:worker_threads';
import { type GeneralGrowJob, type OobJob, openGeneralQueue, sumOob } from './general-loop.ts';
import { type PredictRowsJob, predictRowsFromQueue } from './predict-rows.ts';
import { type GrownTree, takeAllTrees } from './tree-queue.ts';
import { type GrowJob, openQueue } from './wasm/grow-loop.ts';
import { type PredictJob, predictFromQueue } from './wasm/predict-loop.ts';

type Job = GrowJob | PredictJob | GeneralGrowJob | OobJob | PredictRowsJob;

parentPort!.on('message', (job: Job) => {
  switch (job.kind) {
    case 'grow':
      return answerTrees(takeAllTrees(openQueue(job)));
    case 'grow-general':
      return answerTrees(takeAllTrees(openGeneralQueue(job)));
    case 'oob': {
      const result = sumOob(job);
      return answer(result, [...result.sums, result.numTrees]);
    }
    case 'predict':
      predictFromQueue(job);
      return answer(null, []);
    case 'predict-rows':
      predictRowsFromQueue(job);
      return answer(null, []);
  }
});

function answerTrees(trees: GrownTree[]): void {
  const arrays = trees.flatMap(({ tree: { feature, cut, next, leaves, flags, sets, impurity } }) => [
    ...[feature, cut, next, leaves.start, leaves.classes, leaves.counts],
    ...[flags, sets, impurity].filter((array) => array !== undefined),
  ]);
  answer(trees, arrays);
}

/** @param arrays arrays of the result, whose memory is transferred with it */
function answer(result: unknown, arrays: ArrayBufferView[]): void {
  parentPort!.postMessage(
    result,
    arrays.map(({ buffer }) => buffer as ArrayBuffer),
  );
}
