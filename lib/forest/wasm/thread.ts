// A thread of the pool. Bundled into a string by build-kernel.ts, so that it needs no file of its own at run time.

import { parentPort } from 'node:worker_threads';
import { type GrowJob, growFromQueue } from './grow-loop.ts';
import { type PredictJob, predictFromQueue } from './predict-loop.ts';

parentPort!.on('message', (job: GrowJob | PredictJob) => {
  if (job.kind === 'predict') {
    predictFromQueue(job);
    parentPort!.postMessage(null);
    return;
  }
  const trees = growFromQueue(job);
  const buffers = trees.flatMap(({ tree: { feature, cut, next, leaves } }) =>
    [feature, cut, next, leaves.start, leaves.classes, leaves.counts].map((array) => array.buffer as ArrayBuffer),
  );
  parentPort!.postMessage(trees, buffers);
});
