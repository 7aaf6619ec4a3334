// The simulator beside the emulator, where the same orchestrator runs on the durable SDK with workers in processes.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AWS, WORK } from '../../bench/simulate/scenario.ts';
import { simulate } from '../../bench/simulate/simulate.ts';
import type { FanOutOptions } from '../../lib/fanout/index.ts';
import {
  localFunction,
  orchestratorFunction,
  startService,
  temporaryFolder,
  writeWorker,
} from '../local/lambda/helpers.ts';

const folder = temporaryFolder();
const { invoke } = await startService({
  dataDir: join(folder, 'data'),
  maxConcurrency: 20,
  testHooks: { crashDelayMs: 1 },
  functions: [
    localFunction(writeWorker(join(folder, 'worker')), { reservedConcurrency: 4 }),
    await orchestratorFunction(join(folder, 'orchestrator'), {}, '../../bench/orchestrator.ts'),
  ],
});

const NUM_TASKS = 60;
const WRONG = [7, 31];
const CRASHES = [9, 44];

for (const [how, maxTasksPerExecution] of [
  ['in one execution', 1000],
  ['in slices', 25],
] as const) {
  test(`the emulator and the simulator come to the same attempts and operations ${how}`, async () => {
    // no look within the time that this takes on any machine
    const options: FanOutOptions = {
      maxTasksPerExecution,
      maxInFlight: 8,
      maxAttempts: 2,
      pollIntervalMs: 600_000,
      backoffMs: 10,
    };
    const payloads = Array.from({ length: NUM_TASKS }, (_, i) => {
      if (WRONG.includes(i)) return { action: 'fail', message: 'InputError: no such column' };
      return CRASHES.includes(i) ? { action: 'exit', code: 3 } : { action: 'echo' };
    });
    const { result: emulated } = await invoke(
      { payloads, options },
      { FunctionName: 'orchestrator', Qualifier: 'live' },
    );
    const { gathered, counts, operations } = await simulate({
      aws: AWS,
      work: { ...WORK, numTasks: NUM_TASKS, workerMiB: [1769], timeoutMs: 20_000 },
      options: { ...options, attemptTimeoutMs: null },
      seed: 0,
      attemptOf: (task) => ({
        ms: 5,
        error: WRONG.includes(task)
          ? { name: 'InputError', message: 'no such column' }
          : CRASHES.includes(task)
            ? { name: 'CrashError', message: 'exit status 3' }
            : undefined,
      }),
    });
    assert.equal(emulated.counts.attempts, NUM_TASKS + CRASHES.length);
    assert.deepEqual({ reason: gathered.reason, counts, operations: operations.total }, emulated);
  });
}
