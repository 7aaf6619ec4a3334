// The functions of the manifest as the local Lambda service runs them without a template.

import { resolve } from 'node:path';
import {
  bundleName,
  FUNCTION_NAMES,
  FUNCTIONS,
  functionVariable,
  HANDLER,
  WORKER_NAMES,
} from '../../functions/manifest.ts';
import type { LocalFunction } from '../lambda/options.ts';
import { ACCOUNT_ID, LOCAL_REGION } from './options.ts';

export const ALIAS = 'live';

export function functionName(name: string): string {
  return `arvoredo-${name}`;
}

export function manifestFunctions(distDir: string): LocalFunction[] {
  return FUNCTION_NAMES.map((name) => toLocalFunction(name, distDir));
}

function toLocalFunction(name: (typeof FUNCTION_NAMES)[number], distDir: string): LocalFunction {
  const { memoryMiB, timeoutSeconds, durable } = FUNCTIONS[name];
  const environment: Record<string, string> = {};
  if (name === 'orchestrator') environment.SLICES_FUNCTION = aliasArn('slices');
  if (durable) {
    for (const worker of WORKER_NAMES) environment[functionVariable(worker)] = functionName(worker);
  }
  if (name === 'api' || name === 'start') environment.ORCHESTRATOR_ARN = aliasArn('orchestrator');
  return {
    name: functionName(name),
    codeDir: resolve(distDir, 'functions', bundleName(name)),
    handler: HANDLER,
    memoryMiB,
    timeoutMs: timeoutSeconds * 1000,
    environment,
    durable,
    aliases: durable ? [ALIAS] : [],
  };
}

function aliasArn(durableName: string): string {
  return `arn:aws:lambda:${LOCAL_REGION}:${ACCOUNT_ID}:function:${functionName(durableName)}:${ALIAS}`;
}

/** Apply this machine's limit on workers in addition to what the template reserves. */
export function limitWorkers(fn: LocalFunction, workers: number): LocalFunction {
  if (!WORKER_NAMES.some((name) => functionName(name) === fn.name)) return fn;
  return { ...fn, reservedConcurrency: Math.min(fn.reservedConcurrency ?? workers, workers) };
}
