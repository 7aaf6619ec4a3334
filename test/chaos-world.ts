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
  const params = parseRunParams({ samples: 150, chunkSize: 50, features: 4, trees: 4, workers: 2, ...input });
  const keys = runKeys(RUN_ID);
  await createJson(base, keys.run, { runId: RUN_ID, params, createdAt: '' });
  const emulator = new RestartableEmulator(options, base);
  const result = await emulator.run();
  const outputs = new Map<string, Uint8Array>();
  const documents = ['run.json', 'status.json', 'report.json', 'report.html', 'timeline.json'];
  const others = documents.map((name) => keys.root + name);
  for (const key of await base.list(keys.root)) if (!others.includes(key)) outputs.set(key, await base.get(key));
  const { faults, creations } = emulator;
  return { result, report: await getReport(base, RUN_ID), outputs, creations, faults };
}

const FUNCTIONS = [
  describeFunction('orchestrator', true),
  ...Object.values(ORCHESTRATION.workers).flatMap((sizes) =>
    sizes.map(({ functionName }) => describeFunction(functionName, false)),
  ),
];

function describeFunction(name: string, durable: boolean): LocalFunction {
  return {
    ...{ name, durable, codeDir: '', handler: 'index.handler', memoryMiB: 1024, timeoutMs: 900_000, environment: {} },
    aliases: ['live'],
  };
}

class RestartableEmulator {
  readonly faults: FaultEvent[] = [];
  /** How often each key was created. */
  readonly creations = new Map<string, number>();
  readonly #options: ChaosOptions;
  readonly #base: Store;
  readonly #names = new FunctionNames(FUNCTIONS, 'us-east-1', '000000000000');
  readonly #records: JournalRecord[] = [];
  readonly #lives = new Set<Life>();
  #chaos: Chaos;
  #engine: DurableEngine;
  #requestsToRestart: number;
  #setEnded!: () => void;
  readonly #ended = new Promise<void>((resolve) => (this.#setEnded = resolve));

  constructor(options: ChaosOptions, base: Store) {
    this.#options = options;
    this.#base = base;
    this.#requestsToRestart = options.rate > 0 ? 1 + drawRestart(options, RESTART_WITHIN) : Number.POSITIVE_INFINITY;
    [this.#chaos, this.#engine] = this.#start();
  }

  /** @throws {Error} when the run fails */
  async run(): Promise<PipelineResult> {
    const input = JSON.stringify({ runId: RUN_ID });
    const { arn } = this.#engine.start(this.#names.resolve('orchestrator:live'), RUN_ID, input);
    await this.#ended;
    const { status, result, error } = this.#engine.get(arn);
    this.#engine.close();
    if (status !== 'SUCCEEDED') throw new Error(`the run ended as ${status}: ${JSON.stringify(error)}`);
    return JSON.parse(result!);
  }

  /** The run is over when its execution has ended, and late attempts with it. */
  #checkEnd(): void {
    const isRunning = this.#engine.executions.some(({ status }) => status === 'RUNNING');
    if (!isRunning && this.#lives.size === 0) this.#setEnded();
  }

  /** A new engine over the journal and the faults of the one before. */
  #start(): [Chaos, DurableEngine] {
    const chaos = new Chaos(this.#options, (event) => this.faults.push(event), [...this.faults]);
    const concurrency = new Concurrency({ functions: FUNCTIONS, accountLimit: 100 });
    const engine = new DurableEngine({
      ...{
        names: this.#names,
        concurrency,
        runs: new Runs(this.#records),
        emit: () => this.#checkEnd(),
        crashDelayMs: 1,
      },
      duplicates: { share: 0, seed: 0 },
      faults: lambdaFaults(chaos),
      journal: { append: (record) => this.#records.push(structuredClone(record)) },
      pool: {
        run: async (fn, _version, request) => {
          const outcome = await this.#invoke(fn.name, request);
          concurrency.leave(fn);
          return outcome;
        },
      },
    });
    engine.resume(() => true);
    return [chaos, engine];
  }

  #restart(): void {
    this.#engine.close();
    for (const life of this.#lives) life.isDead = true;
    this.#lives.clear();
    [this.#chaos, this.#engine] = this.#start();
    this.#chaos.note('restart', 'run', '', RUN_ID);
  }

  /** Let a life make a request, unless it ends before, after or meanwhile. */
  async #request<T>(life: Life, act: () => Promise<T>): Promise<T> {
    if (life.isDead) return never;
    if (--this.#requestsToRestart === 0) {
      this.#restart();
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

  /** A request to the store, repeated until it meets no fault, as an SDK does. */
  async #askStore<T>(life: Life, point: 'read' | 'write' | 'other', target: string, act: () => Promise<T>): Promise<T> {
    for (;;) {
      const fault = this.#chaos.meet(point, target);
      if (!fault) return this.#request(life, act);
      await this.#request(life, async () => {
        fault.strike();
        if (fault.kind === 'lostWrite') await act();
      });
    }
  }

  /** The store as a life sees it. */
  #openStore(life: Life): Store {
    const base = this.#base;
    const list = <T>(prefix: string, act: () => Promise<T>) =>
      this.#askStore(life, 'other', `ListObjectsV2 ${prefix}`, act);
    return {
      get: (key) => this.#askStore(life, 'read', `GetObject ${key}`, () => base.get(key)),
      create: (key, bytes) =>
        this.#askStore(life, 'write', `PutObject ${key}`, async () => {
          const isCreated = await base.create(key, bytes);
          if (isCreated) this.creations.set(key, (this.creations.get(key) ?? 0) + 1);
          return isCreated;
        }),
      replace: (key, bytes) => this.#askStore(life, 'write', `PutObject ${key}`, () => base.replace(key, bytes)),
      list: (prefix) => list(prefix, () => base.list(prefix)),
      listFolders: (prefix) => list(prefix, () => base.listFolders(prefix)),
      remove: (key) => this.#askStore(life, 'other', `DeleteObject ${key}`, () => base.remove(key)),
    };
  }

  /** The client of the durable SDK: a call whose answer is lost finds its token used when it is repeated. */
  #openClient(life: Life): DurableExecutionClient {
    const call = <T>(action: string, arn: string, act: () => Promise<T>) =>
      this.#request(life, async () => {
        const { functionName, input } = this.#engine.get(arn);
        const fault = lambdaFaults(this.#chaos).call(action, functionName, input);
        fault?.strike();
        if (fault?.kind === 'lostCall') await act();
        return act();
      });
    return {
      checkpoint: ({ DurableExecutionArn: arn, CheckpointToken: token, Updates: updates = [] }) =>
        call('checkpoint', arn!, async () => {
          const { token: next, operations } = this.#engine.checkpoint(arn!, token!, structuredClone(updates) as never);
          return { CheckpointToken: next, NewExecutionState: { Operations: structuredClone(operations) as never } };
        }),
      getExecutionState: ({ DurableExecutionArn: arn, CheckpointToken: token, Marker: marker }) =>
        call(
          'state',
          arn!,
          async () => structuredClone(this.#engine.state(arn!, token!, Number(marker ?? 0))) as never,
        ),
    };
  }

  async #invoke(functionName: string, { payload, fault }: InvokeRequest): Promise<InvokeOutcome> {
    const { life, killed } = createLife(fault);
    this.#lives.add(life);
    const event = JSON.parse(payload.toString());
    const work =
      functionName === 'orchestrator'
        ? this.#orchestrate(life, event)
        : stageWorkers(() => this.#openStore(life))(functionName)(event);
    const ended = work.then(answer, ({ name, message }: Error) => failure(name, `${name}: ${message}`));
    if (fault?.kind === 'stop') {
      fault.strike();
      await setTimeout(SLOW_MS);
    }
    const outcome = await Promise.race([killed, ended]);
    if (outcome.error === undefined && fault?.kind === 'kill') life.kill(); // at the latest when it answers
    const isStopped = life.isDead && fault?.kind !== 'kill'; // with the emulator
    this.#lives.delete(life);
    this.#checkEnd();
    return isStopped ? never : life.isDead ? killed : outcome;
  }

  #orchestrate(life: Life, event: DurableExecutionInvocationInput): Promise<unknown> {
    const handler = durableHandler((given: { runId: string }, fanOuts, execution) =>
      runPipeline(fanOuts, { ...ORCHESTRATION, ...given, store: this.#openStore(life), execution }),
    );
    const input = new DurableExecutionInvocationInputWithClient(event, this.#openClient(life));
    return handler(input, { getRemainingTimeInMillis: () => 900_000 } as never);
  }
}

/** @returns the life, and the outcome of its invocation once it is killed */
function createLife(fault: InvokeRequest['fault']): { life: Life; killed: Promise<InvokeOutcome> } {
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
  return { life, killed };
}

function answer(value: unknown): InvokeOutcome {
  return { payload: Buffer.from(JSON.stringify(value) ?? 'null'), durationMs: 1, log: '' };
}

function failure(type: string, message: string): InvokeOutcome {
  const payload = Buffer.from(JSON.stringify({ errorType: type, errorMessage: message }));
  return { payload, error: { type, message }, durationMs: 1, log: '' };
}
