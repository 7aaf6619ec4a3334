// Destinations of asynchronous invocations that were dropped: another function, or a queue, which is a file here.
// Source: docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../lib/base/errors.ts';
import type { InvokeOutcome } from './invocation.ts';
import type { FunctionNames, FunctionTarget } from './names.ts';
import type { DropCondition } from './options.ts';

const QUEUE_ARN = /^arn:aws:sqs:[\w-]+:\d{12}:([\w-]{1,80})$/;

/** @throws {InputError} when the destination is not supported */
export function validateDestination(functionName: string, destination: string, names: FunctionNames): void {
  const isKnown = names.functions.some((fn) => !fn.durable && destination === names.arn(fn.name));
  if (isKnown || QUEUE_ARN.test(destination)) return;
  const allowed = 'the ARN of a function of this service that is not durable, or of an SQS queue';
  throw new InputError(`function ${functionName}: onFailure must be ${allowed}, got ${destination}`);
}

/** The record that AWS sends to a destination, version 1.0. */
export function destinationRecord(
  target: FunctionTarget,
  event: { requestId: string; payload: string; tries: number },
  condition: DropCondition,
  outcome: InvokeOutcome | undefined,
): object {
  const parse = (json: string) => JSON.parse(json) as unknown;
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: target.arn,
      condition,
      approximateInvokeCount: event.tries,
    },
    requestPayload: parse(event.payload),
    ...(outcome && {
      responseContext: { statusCode: 200, executedVersion: target.version, functionError: 'Unhandled' },
      responsePayload: parse(outcome.payload.toString()),
    }),
  };
}

/** Send a record, as JSON. A queue gets it as a line of `queues/NAME.jsonl`. */
export function deliver(
  destination: string,
  record: string,
  to: {
    names: FunctionNames;
    dataDir: string;
    invoke: (target: FunctionTarget, event: { requestId: string; payload: string }) => void;
  },
): void {
  const queue = QUEUE_ARN.exec(destination)?.[1];
  if (queue === undefined) {
    to.invoke(to.names.resolve(destination), { requestId: randomUUID(), payload: record });
    return;
  }
  mkdirSync(join(to.dataDir, 'queues'), { recursive: true });
  appendFileSync(join(to.dataDir, 'queues', `${queue}.jsonl`), `${record}\n`);
}
