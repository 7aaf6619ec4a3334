// What all workers share: check the task, find the plan, do the work, tell what it used.

import * as v from 'valibot';
import type { Usage } from '../lib/cost.ts';
import { InputError } from '../lib/errors.ts';
import { checkRunId } from '../lib/keys.ts';
import { type Plan, planRun } from '../lib/plan.ts';
import { quote } from '../lib/quote.ts';
import { getRequest } from '../lib/run.ts';
import { s3Store } from '../lib/s3-store.ts';
import type { Store } from '../lib/store.ts';
import { startMeter } from './meter.ts';

/** A position in a list: a chunk, a partition, a tree. */
export const index = () => v.pipe(v.number(), v.safeInteger(), v.minValue(0));

interface WorkerTask {
  runId: string;
}

/**
 * Make a handler of a schema and the work.
 *
 * The answer is what the invocation used; the task's result is in the store. An error's name is put in front of its
 * message, since only the message comes back to the orchestrator.
 */
export function worker<Task extends WorkerTask>(
  schema: v.GenericSchema<unknown, Task>,
  work: (store: Store, plan: Plan, task: Task) => Promise<unknown>,
): (event: unknown) => Promise<Usage> {
  // built on cold start, reused while the sandbox stays warm
  const store = s3Store(requireEnv('BUCKET'));
  const measure = startMeter(Number(requireEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE')), store);
  let known: { runId: string; plan: Plan } | undefined;

  return async (event) => {
    const usage = measure();
    let task: Task | undefined;
    try {
      task = parseTask(schema, event);
      if (known?.runId !== task.runId) {
        const { params } = await getRequest(store, task.runId);
        known = { runId: task.runId, plan: planRun(params) };
      }
      await work(store, known.plan, task);
      const used = usage();
      console.log(JSON.stringify({ message: 'task done', ...task, used }));
      return used;
    } catch (error) {
      const message = messageOf(error);
      // what Lambda notes of the error says nothing of the task
      console.error(JSON.stringify({ message: 'task failed', ...task, error: message }));
      if (error instanceof Error) error.message = message;
      throw error;
    }
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** @throws {InputError} when the event is no such task */
export function parseTask<Task extends WorkerTask>(schema: v.GenericSchema<unknown, Task>, event: unknown): Task {
  const result = v.safeParse(schema, event);
  if (!result.success) {
    const [issue] = result.issues;
    throw new InputError(`task ${v.getDotPath(issue) ?? ''}: ${issue.message}; got ${quote(event)}`);
  }
  checkRunId(result.output.runId);
  return result.output;
}

/** @throws {Error} when the variable is not set: the function is deployed wrongly */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`environment variable ${name} must be set`);
  return value;
}
