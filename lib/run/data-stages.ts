// The fan-outs that infer the schema of a user's data. The tasks of each are known when the one before is done.

import type { Engine } from '../fanout/engine.ts';
import type { Inputs } from '../ingest/inputs.ts';
import type { Parts } from '../ingest/locate.ts';
import { findSchema } from '../ingest/results.ts';
import type { DataTask } from '../ingest/tasks.ts';
import type { StageTask } from '../stages/stage.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/** List, scan, locate, survey and schema; for small data the first task does all of it. */
export function dataStages(engine: Engine, store: Store, runId: string): (() => Promise<StageTask[]>)[] {
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
