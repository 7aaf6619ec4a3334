// A whole run in one process, under faults: the real pipeline, durable SDK and durable engine; workers and
// orchestrator as lives that can end between any two requests; a store that behaves as S3 does under an SDK that retries.

import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  type DurableExecutionClient,
  type DurableExecutionInvocationInput,
  DurableExecutionInvocationInputWithClient,
} from '@aws/durable-execution-sdk-js';
import { durableHandler } from '../lib/fanout/durable-engine.ts';
import { parseRunParams } from '../lib/plan/params.ts';
import { type PipelineResult, runPipeline } from '../lib/run/pipeline.ts';
import { getReport } from '../lib/run/run.ts';
import { createJson } from '../lib/store/json.ts';
import { runKeys } from '../lib/store/keys.ts';
import type { Store } from '../lib/store/store.ts';
import { Chaos, type FaultEvent } from '../local/chaos/chaos.ts';
import { type ChaosOptions, drawRestart } from '../local/chaos/draw.ts';
import { lambdaFaults } from '../local/chaos/injection-points.ts';
import { Concurrency } from '../local/lambda/concurrency.ts';
import { DurableEngine } from '../local/lambda/durable/engine.ts';
import { Runs } from '../local/lambda/durable/runs.ts';
import type { JournalRecord } from '../local/lambda/durable/shapes.ts';
import type { InvokeOutcome, InvokeRequest } from '../local/lambda/invocation.ts';
import { FunctionNames } from '../local/lambda/names.ts';
import type { LocalFunction } from '../local/lambda/options.ts';
import { ORCHESTRATION, stageWorkers } from './helpers.ts';
import { memoryStore } from './memory-store.ts';

/** Requests within which a life that is to be killed ends: most tasks make 5 to 9, an orchestrator more. */
const KILL_WITHIN = 8;
/** Requests of all lives within which the emulator is restarted: a calm run of the test makes more. */
const RESTART_WITHIN = 100;
const SLOW_MS = 30;

const RUN_ID = 'r';
const never = new Promise<never>(() => {});

/** One invocation: a process until it answers or is killed. */
interface Life {
  isDead: boolean;
  /** Requests until it is killed, and whether the last of them is still done. */
  requestsLeft: number;
  isLastDone: boolean;
  kill(): void;
}

export interface World {
  result: PipelineResult;
  report: Awaited<ReturnType<typeof getReport>>;
  /** Outputs of tasks by key. */
  outputs: Map<string, Uint8Array>;
  /** How often each key was created. */
  creations: Map<string, number>;
  faults: FaultEvent[];
}

/**
 * Do a run from its parameters to its report.
 *
 * @param base the store behind the bucket
 * @throws {Error} when the run fails
 */
export async function runWorld(
  input: Record<string, unknown>,
  options: ChaosOptions = { seed: 0, rate: 0 },
  base: Store = memoryStore(),
): Promise<World> {
  const faults: FaultEvent[] = [];
  const creations = new Map<string, number>();
  const records: JournalRecord[] = [];
  const lives = new Set<Life>();
  const local = (name: string, durable: boolean): LocalFunction => ({
    ...{ name, durable, codeDir: '', handler: 'index.handler', memoryMiB: 1024, timeoutMs: 900_000, environment: {} },
    aliases: ['live'],
  });
  const functions = [
    local('orchestrator', true),
    ...Object.values(ORCHESTRATION.workers).flatMap((sizes) =>
      sizes.map(({ functionName }) => local(functionName, false)),
    ),
  ];
  const names = new FunctionNames(functions, 'us-east-1', '000000000000');
  let chaos: Chaos;
  let engine: DurableEngine;
  let requestsToRestart = options.rate > 0 ? 1 + drawRestart(options, RESTART_WITHIN) : Number.POSITIVE_INFINITY;

  /** A new emulator over the journal and the log of events of the former one. */
  function startEmulator(): void {
    engine?.close();
    for (const life of lives) life.isDead = true;
    lives.clear();
    chaos = new Chaos(options, (event) => faults.push(event), [...faults]);
    const concurrency = new Concurrency({ functions, accountLimit: 100 });
    engine = new DurableEngine({
      ...{ names, concurrency, runs: new Runs(records), emit: () => {}, crashDelayMs: 1 },
      duplicates: { share: 0, seed: 0 },
      faults: lambdaFaults(chaos),
      journal: { append: (record) => records.push(structuredClone(record)) },
      pool: {
        run: async (fn, _version, request) => {
          const outcome = await invoke(fn.name, request);
          concurrency.leave(fn);
          return outcome;
        },
      },
    });
    engine.resume(() => true);
  }

  /** Let a life make a request, unless it ends before, after or meanwhile. */
  async function request<T>(life: Life, act: () => Promise<T>): Promise<T> {
    if (life.isDead) return never;
    if (--requestsToRestart === 0) {
      startEmulator();
      chaos.note('restart', 'run', '', RUN_ID);
      return never;
    }
    // others come between
    await setImmediate();
    if (life.isDead) return never;
    if (--life.requestsLeft === 0) {
      if (life.isLastDone) await act();
      life.kill();
    }
    const answer = life.isDead ? never : await act();
    return life.isDead ? never : answer;
  }

  /** The store as a life sees it. */
  function storeOf(life: Life): Store {
    async function ask<T>(place: 'read' | 'write' | 'other', operation: string, key: string, act: () => Promise<T>) {
      for (;;) {
        const fault = chaos.meet(place, `${operation} ${key}`);
        if (!fault) return request(life, act);
        await request(life, async () => {
          fault.strike();
          if (fault.kind === 'lostWrite') await act();
        });
      }
    }
    return {
      get: (key) => ask('read', 'GetObject', key, () => base.get(key)),
      create: (key, bytes) =>
        ask('write', 'PutObject', key, async () => {
          const isCreated = await base.create(key, bytes);
          if (isCreated) creations.set(key, (creations.get(key) ?? 0) + 1);
          return isCreated;
        }),
      replace: (key, bytes) => ask('write', 'PutObject', key, () => base.replace(key, bytes)),
      list: (prefix) => ask('other', 'ListObjectsV2', prefix, () => base.list(prefix)),
      listFolders: (prefix) => ask('other', 'ListObjectsV2', prefix, () => base.listFolders(prefix)),
      remove: (key) => ask('other', 'DeleteObject', key, () => base.remove(key)),
    };
  }

  /** The client of the durable SDK: a call whose answer is lost finds its token used when it is repeated. */
  function transportOf(life: Life): DurableExecutionClient {
    const call = <T>(action: string, arn: string, act: () => Promise<T>) =>
      request(life, async () => {
        const { functionName, input } = engine.get(arn);
        const fault = lambdaFaults(chaos).call(action, functionName, input);
        fault?.strike();
        if (fault?.kind === 'lostCall') await act();
        return act();
      });
    return {
      checkpoint: ({ DurableExecutionArn: arn, CheckpointToken: token, Updates: updates = [] }) =>
        call('checkpoint', arn!, async () => {
          const { token: next, operations } = engine.checkpoint(arn!, token!, structuredClone(updates) as never);
          return { CheckpointToken: next, NewExecutionState: { Operations: structuredClone(operations) as never } };
        }),
      getExecutionState: ({ DurableExecutionArn: arn, CheckpointToken: token, Marker: marker }) =>
        call('state', arn!, async () => structuredClone(engine.state(arn!, token!, Number(marker ?? 0))) as never),
    };
  }

  async function invoke(functionName: string, { payload, fault }: InvokeRequest): Promise<InvokeOutcome> {
    let setKilled!: (outcome: InvokeOutcome) => void;
    const killed = new Promise<InvokeOutcome>((resolve) => (setKilled = resolve));
    const share = fault ? Math.log(fault.afterMs) / Math.log(1000) : 0; // the fraction that was drawn
    const life: Life = {
      isDead: false,
      requestsLeft: fault?.kind === 'kill' ? 1 + Math.floor(share * KILL_WITHIN) : Number.POSITIVE_INFINITY,
      isLastDone: (share * KILL_WITHIN) % 1 < 0.5,
      kill() {
        if (life.isDead) return;
        life.isDead = true;
        fault!.strike();
        setKilled(failure('Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: signal: killed'));
      },
    };
    lives.add(life);
    const event = JSON.parse(payload.toString());
    const work =
      functionName === 'orchestrator'
        ? orchestrate(life, event)
        : stageWorkers(() => storeOf(life))(functionName)(event);
    const ended = work.then(answer, ({ name, message }: Error) => failure(name, `${name}: ${message}`));
    if (fault?.kind === 'stop') {
      fault.strike();
      await setTimeout(SLOW_MS);
    }
    const outcome = await Promise.race([killed, ended]);
    if (outcome.error === undefined && fault?.kind === 'kill') life.kill(); // at the latest when it answers
    const isStopped = life.isDead && fault?.kind !== 'kill'; // with the emulator
    lives.delete(life);
    return isStopped ? never : life.isDead ? killed : outcome;
  }

  function orchestrate(life: Life, event: DurableExecutionInvocationInput): Promise<unknown> {
    const handler = durableHandler((given: { runId: string }, fanOuts, execution) =>
      runPipeline(fanOuts, { ...ORCHESTRATION, ...given, store: storeOf(life), execution }),
    );
    const input = new DurableExecutionInvocationInputWithClient(event, transportOf(life));
    return handler(input, { getRemainingTimeInMillis: () => 900_000 } as never);
  }

  const params = parseRunParams({ samples: 150, chunkSize: 50, features: 4, trees: 4, workers: 2, ...input });
  const keys = runKeys(RUN_ID);
  await createJson(base, keys.run, { runId: RUN_ID, params, createdAt: '' });
  startEmulator();
  const { arn } = engine!.start(names.resolve('orchestrator:live'), RUN_ID, JSON.stringify({ runId: RUN_ID }));
  // polled anew each time, as there may be a new engine; and late attempts must have ended as well
  while (engine!.get(arn).status === 'RUNNING' || lives.size > 0) await setTimeout(50);
  const { status, result, error } = engine!.get(arn);
  engine!.close();
  if (status !== 'SUCCEEDED') throw new Error(`the run ended as ${status}: ${JSON.stringify(error)}`);
  const outputs = new Map<string, Uint8Array>();
  const documents = ['run.json', 'status.json', 'report.json', 'report.html', 'timeline.json'];
  const others = documents.map((name) => keys.root + name);
  for (const key of await base.list(keys.root)) if (!others.includes(key)) outputs.set(key, await base.get(key));
  return { result: JSON.parse(result!), report: await getReport(base, RUN_ID), outputs, creations, faults };
}

function answer(value: unknown): InvokeOutcome {
  return { payload: Buffer.from(JSON.stringify(value) ?? 'null'), durationMs: 1, log: '' };
}

function failure(type: string, message: string): InvokeOutcome {
  const payload = Buffer.from(JSON.stringify({ errorType: type, errorMessage: message }));
  return { payload, error: { type, message }, durationMs: 1, log: '' };
}
