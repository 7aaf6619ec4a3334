// The fan-outs that find out what a user's data are, each known when the one before is done.

import type { Engine } from '../fanout/engine.ts';
import { getJson } from '../json.ts';
import { runKeys } from '../keys.ts';
import type { StageTask } from '../pipeline.ts';
import type { Store } from '../store.ts';
import type { Inputs } from './inputs.ts';
import type { Parts } from './locate.ts';
import { findSchema } from './results.ts';
import type { DataTask } from './tasks.ts';

/** List, scan, locate, survey and schema; of small data the first does it all. */
export function dataFans(engine: Engine, store: Store, runId: string): (() => Promise<StageTask[]>)[] {
  const keys = runKeys(runId);
  let isSurveyed = false;
  const task = (taskId: string, payload: DataTask, inputKey: string, resultKey: string): StageTask => ({
    taskId,
    payload,
    inputKey,
    resultKey,
  });
  const tasks = (count: number, make: (index: number) => StageTask) => Array.from({ length: count }, (_, i) => make(i));
  return [
    async () => [task('list', { kind: 'list', runId }, keys.run, keys.inputs)],
    async () => {
      const { numScans, hasSchema } = await engine.step('inputs', async () => ({
        numScans: (await getJson<Inputs>(store, keys.inputs)).scans.length,
        hasSchema: (await findSchema(store, runId)) !== undefined,
      }));
      isSurveyed = hasSchema;
      if (isSurveyed) return [];
      return tasks(numScans, (scanIndex) =>
        task(`scan-${scanIndex}`, { kind: 'scan', runId, scanIndex }, keys.inputs, keys.scan(scanIndex)),
      );
    },
    async () => (isSurveyed ? [] : [task('locate', { kind: 'locate', runId }, keys.folder('data'), keys.parts)]),
    async () => {
      if (isSurveyed) return [];
      const numParts = await engine.step('parts', async () => (await getJson<Parts>(store, keys.parts)).parts.length);
      return tasks(numParts, (partIndex) =>
        task(`survey-${partIndex}`, { kind: 'survey', runId, partIndex }, keys.parts, keys.survey(partIndex)),
      );
    },
    async () => (isSurveyed ? [] : [task('schema', { kind: 'schema', runId }, keys.folder('data'), keys.schema)]),
  ];
}
