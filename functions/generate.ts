// Lambda: make one chunk of the data set.

import * as v from 'valibot';
import { generate } from '../lib/stages/generate.ts';
import { index, worker } from './worker.ts';

export const handler = worker(v.strictObject({ runId: v.string(), chunkIndex: index() }), generate);
