// The tasks of a run on a user's data, before its rows are partitions: list, scan, locate, survey, schema.

import { InputError } from '../base/errors.ts';
import { dataParams } from '../plan/data-params.ts';
import type { RunParams } from '../plan/params.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Objects } from '../store/objects.ts';
import type { Store } from '../store/store.ts';
import { mapLimited, runTask, STORE_REQUESTS } from '../store/task.ts';
import { chooseColumns } from '../tables/columns.ts';
import { type Inputs, isSmall, listInputs } from './inputs.ts';
import { type LocatedTable, locateParts, type Parts } from './locate.ts';
import type { IngestContext } from './open.ts';
import { getParts, getSchema } from './results.ts';
import { type ScanResult, scanInput } from './scan.ts';
import { type SchemaResult, toShape } from './shape.ts';
import { decideSides, findSideColumn } from './sides-by-column.ts';
import { mergeSurveys, type SurveyResult, surveyPart } from './survey.ts';

export type DataTask =
  | { kind: 'list' | 'locate' | 'schema'; runId: string }
  | { kind: 'scan'; runId: string; scanIndex: number }
  | { kind: 'survey'; runId: string; partIndex: number };

/** Do a task; its result is in the store. */
export async function doDataTask(context: IngestContext, params: RunParams, task: DataTask): Promise<unknown> {
  const keys = runKeys(context.runId);
  const { store } = context;
  switch (task.kind) {
    case 'list': {
      const inputs = await runTask(store, keys.inputs, () => listDataFiles(context.objects, params));
      if (isSmall(inputs)) await surveyAll(context, inputs, params);
      return inputs.files.length;
    }
    case 'scan':
      return runTask(store, keys.scan(task.scanIndex), async () => {
        const inputs = await getJson<Inputs>(store, keys.inputs);
        checkIndex('scanIndex', task.scanIndex, inputs.scans.length);
        return scanInput(context, inputs, task.scanIndex);
      });
    case 'locate':
      return runTask(store, keys.parts, async () => {
        const inputs = await getJson<Inputs>(store, keys.inputs);
        const scans = await getAll<ScanResult>(store, inputs.scans.length, keys.scan);
        return locateParts(inputs, scans);
      });
    case 'survey':
      return runTask(store, keys.survey(task.partIndex), async () => {
        const table = await getParts(store, context.runId);
        checkIndex('partIndex', task.partIndex, table.parts.parts.length);
        const { facts, order } = await surveyPart(context, table, task.partIndex, params.seed);
        if (order) await store.create(keys.order(task.partIndex), toBytes(order));
        return { facts };
      });
    case 'schema':
      return runTask(store, keys.schema, async () => {
        const table = await getParts(store, context.runId);
        const surveys = await getAll<SurveyResult>(store, table.parts.parts.length, keys.survey);
        const orders = findSideColumn(table.inputs.chosen) ? await getOrders(store, context.runId, table.parts) : [];
        return combineSurveys(table, surveys, orders, params);
      });
  }
}

/**
 * Find out what some data are without any other task, for a plan.
 *
 * @param store receives what the tasks of a run would leave
 * @throws {InputError} on what a run would refuse
 */
export async function surveyLocal(objects: Objects, store: Store, params: RunParams): Promise<SchemaResult> {
  const context = { runId: 'survey', store, objects, pieceKey: runKeys('survey').piece };
  const inputs = await listDataFiles(objects, params);
  await surveyAll(context, inputs, params);
  return getSchema(context.store, context.runId);
}

function listDataFiles(objects: Objects, params: RunParams): Promise<Inputs> {
  const data = dataParams(params);
  return listInputs(objects, data, (names, file) => chooseColumns(names, data, file));
}

/** All tasks that follow the list, one after the other. */
async function surveyAll(context: IngestContext, inputs: Inputs, params: RunParams): Promise<void> {
  const keys = runKeys(context.runId);
  const parts = await runTask(context.store, keys.parts, async () => {
    const scans: ScanResult[] = [];
    for (const i of inputs.scans.keys()) scans.push(await scanInput(context, inputs, i));
    return locateParts(inputs, scans);
  });
  await runTask(context.store, keys.schema, async () => {
    const surveys: SurveyResult[] = [];
    const orders: Float64Array[] = [];
    for (const i of parts.parts.keys()) {
      const { facts, order } = await surveyPart(context, { inputs, parts }, i, params.seed);
      surveys.push({ facts });
      if (order) orders.push(order);
    }
    return combineSurveys({ inputs, parts }, surveys, orders, params);
  });
}

/** @param orders deciding values of all parts, in their order; empty if no column decides the splits */
function combineSurveys(
  table: LocatedTable,
  surveys: readonly SurveyResult[],
  orders: readonly Float64Array[],
  params: RunParams,
): SchemaResult {
  const { inputs, parts } = table;
  const schema = mergeSurveys(table, surveys, params.task);
  const deciding = findSideColumn(inputs.chosen);
  const sides = deciding && decideSides(deciding.kind, concat(orders, parts.numRows), params);
  const small = isSmall(inputs);
  const tasks = { numScans: small ? 0 : inputs.scans.length, numSurveys: small ? 0 : parts.parts.length };
  const shape = toShape(table, schema, sides, tasks);
  return { schema, shape, sides: sides?.rule ?? null };
}

function concat(orders: readonly Float64Array[], length: number): Float64Array {
  const all = new Float64Array(length);
  let at = 0;
  for (const order of orders) {
    all.set(order, at);
    at += order.length;
  }
  return all;
}

function toBytes(order: Float64Array): Uint8Array {
  return new Uint8Array(order.buffer, order.byteOffset, order.byteLength);
}

function getOrders(store: Store, runId: string, { parts }: Parts): Promise<Float64Array[]> {
  return mapLimited([...parts.keys()], STORE_REQUESTS, async (i) => {
    const bytes = (await store.get(runKeys(runId).order(i))).slice();
    return new Float64Array(bytes.buffer, 0, bytes.length / 8);
  });
}

function getAll<T>(store: Store, count: number, key: (index: number) => string): Promise<T[]> {
  const indexes = Array.from({ length: count }, (_, i) => i);
  return mapLimited(indexes, STORE_REQUESTS, (i) => getJson<T>(store, key(i)));
}

function checkIndex(name: string, index: number, count: number): void {
  if (index >= count) throw new InputError(`${name} must be from 0 to ${count - 1}, got ${index}`);
}
