// The durable part of the Lambda API over HTTP: what the durable SDK and its clients call.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { invalidParameter, readJson, readWhole, sendJson } from '../http.ts';
import { MAX_EXECUTION_BYTES, MAX_OPERATION_PAYLOAD_BYTES, MAX_STATE_PAGE } from '../limits.ts';
import type { FunctionNames } from '../names.ts';
import type { DurableEngine } from './engine.ts';
import type { Execution } from './execution.ts';
import { checkError, checkUpdates } from './shapes.ts';

export interface DurableApi {
  engine: DurableEngine;
  names: FunctionNames;
}

export async function handleCheckpoint(
  { engine }: DurableApi,
  arn: string,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const body = await readJson(request, MAX_EXECUTION_BYTES);
  const { CheckpointToken, Updates } = body as { CheckpointToken?: string; Updates?: unknown };
  const { token, operations } = engine.checkpoint(arn, CheckpointToken ?? '', checkUpdates(Updates ?? []));
  sendJson(response, 200, { CheckpointToken: token, NewExecutionState: { Operations: operations } });
}

export function handleState({ engine }: DurableApi, arn: string, query: URLSearchParams, response: ServerResponse) {
  const marker = queryNumber(query, 'Marker', 0);
  const maxItems = Math.min(queryNumber(query, 'MaxItems', 100), MAX_STATE_PAGE);
  sendJson(response, 200, engine.state(arn, query.get('CheckpointToken') ?? '', marker, maxItems));
}

export function handleGet(
  { engine, names }: DurableApi,
  arn: string,
  query: URLSearchParams,
  response: ServerResponse,
) {
  const execution = engine.get(arn);
  const hasData = query.get('IncludeExecutionData') !== 'false';
  const { input, result, error, version: Version } = execution;
  const data = hasData ? { InputPayload: input, Result: result, Error: error } : {};
  sendJson(response, 200, { ...summary(names, execution), ...data, Version, ExecutionDataIncluded: hasData });
}

export async function handleStop(
  { engine }: DurableApi,
  arn: string,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const error = checkError(await readJson(request, MAX_OPERATION_PAYLOAD_BYTES));
  sendJson(response, 200, { StopTimestamp: engine.stop(arn, error).endedAt });
}

export function handleList(
  { engine, names }: DurableApi,
  functionName: string,
  query: URLSearchParams,
  response: ServerResponse,
) {
  const { fn, version, qualifier } = names.resolve(functionName, query.get('Qualifier') ?? undefined);
  const name = query.get('DurableExecutionName');
  const statuses = query.getAll('Statuses');
  const afterMs = Date.parse(query.get('StartedAfter') ?? '') || 0;
  const beforeMs = Date.parse(query.get('StartedBefore') ?? '') || Infinity;
  const found = engine.executions.filter(
    (execution) =>
      execution.functionName === fn.name &&
      (qualifier === undefined || execution.version === version) &&
      (name === null || execution.name === name) &&
      (statuses.length === 0 || statuses.includes(execution.status)) &&
      execution.startedAt.getTime() >= afterMs &&
      execution.startedAt.getTime() <= beforeMs,
  );
  if (query.get('ReverseOrder') === 'true') found.reverse();
  const start = queryNumber(query, 'Marker', 0);
  const end = start + Math.min(queryNumber(query, 'MaxItems', 100), MAX_STATE_PAGE);
  const DurableExecutions = found.slice(start, end).map((execution) => summary(names, execution));
  sendJson(response, 200, { DurableExecutions, NextMarker: end < found.length ? String(end) : undefined });
}

export async function handleCallback(
  { engine }: DurableApi,
  { callbackId, action }: { callbackId: string; action: string },
  request: IncomingMessage,
  response: ServerResponse,
) {
  if (action === 'heartbeat') {
    engine.heartbeat(callbackId);
  } else if (action === 'fail') {
    const error = checkError(await readJson(request, MAX_OPERATION_PAYLOAD_BYTES));
    engine.completeCallback(callbackId, { status: 'FAILED', error });
  } else {
    const result = (await readWhole(request, MAX_OPERATION_PAYLOAD_BYTES)).toString() || undefined;
    engine.completeCallback(callbackId, { status: 'SUCCEEDED', result });
  }
  sendJson(response, 200, {});
}

function summary(names: FunctionNames, execution: Execution) {
  const { arn, name, functionName, version, status, startedAt, endedAt } = execution;
  return {
    DurableExecutionArn: arn,
    DurableExecutionName: name,
    FunctionArn: names.arn(functionName, version),
    Status: status,
    StartTimestamp: startedAt,
    EndTimestamp: endedAt,
  };
}
function queryNumber(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name) || String(fallback);
  if (!/^\d{1,9}$/.test(text)) throw invalidParameter(`${name} must be an integer ≥ 0, got ${text}`);
  return Number(text);
}
