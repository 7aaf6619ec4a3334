// A pool of threads that wait for work between calls: starting a thread takes longer than growing a small forest.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { InputError } from '../base/errors.ts';
import { THREAD_SOURCE } from './wasm/generated.ts';

const MIB_PER_CPU = 1769; // of a Lambda function: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
const MAX_THREADS = 256;

const idle: Worker[] = [];

/**
 * Number of threads to use: the requested number, else one for each processor, in a Lambda function one for each vCPU
 * that its memory size includes.
 *
 * @throws {InputError} when not an integer from 1 to 256
 */
export function resolveNumThreads(asked?: number): number {
  if (asked === undefined) {
    const memoryMiB = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? Number.POSITIVE_INFINITY);
    return Math.min(availableParallelism(), Math.max(1, Math.round(memoryMiB / MIB_PER_CPU)));
  }
  if (!Number.isInteger(asked) || asked < 1 || asked > MAX_THREADS) {
    throw new InputError(`numThreads must be an integer from 1 to ${MAX_THREADS}, got ${asked}`);
  }
  return asked;
}

/**
 * Run a job on a thread of the pool.
 *
 * @throws the error of the thread, or an error when the thread ended early
 */
export function runOnThread<Result>(job: unknown): Promise<Result> {
  const thread = idle.pop() ?? new Worker(THREAD_SOURCE, { eval: true, execArgv: [] });
  thread.ref();
  return new Promise<Result>((resolve, reject) => {
    const onMessage = (result: Result) => {
      stopListening();
      thread.unref();
      idle.push(thread);
      resolve(result);
    };
    const onError = (cause: Error) => {
      stopListening();
      reject(new Error(`a thread failed: ${cause.message}`, { cause }));
    };
    const onExit = (code: number) => {
      stopListening();
      reject(new Error(`a thread ended with code ${code} before its work was done`));
    };
    const stopListening = () => thread.off('message', onMessage).off('error', onError).off('exit', onExit);
    thread.on('message', onMessage).on('error', onError).on('exit', onExit);
    thread.postMessage(job);
  });
}
