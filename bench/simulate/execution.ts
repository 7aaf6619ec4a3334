// A durable execution in simulated time: an engine for lib/fanout that sleeps, is resumed, replays and makes checkpoints.

import type { Engine, Lanes, Outcome } from '../../lib/fanout/engine.ts';
import { isShard, runShard } from '../../lib/fanout/shards.ts';
import type { MakeTasks } from '../../lib/fanout/task-source.ts';
import type { Aws } from './scenario.ts';
import { makeTasks } from './scenario.ts';
import type { World } from './world.ts';

/** What becomes of an update once its checkpoint is accepted. */
interface Update {
  bytes: number;
  accepted?: () => void;
}

export const ORCHESTRATOR = 'orchestrator';

export class Execution implements Engine {
  readonly self = ORCHESTRATOR;
  operations = 1; // the execution itself
  readonly makeTasks: MakeTasks;
  readonly #world: World;
  #bytes = 0;
  #updates: Update[] = [];
  /** Messages to deliver. */
  #inbox: (() => void)[] = [];
  #isAwake = false;
  #awakeSinceMs = 0;
  #ended?: () => void;

  constructor(world: World) {
    this.#world = world;
    this.makeTasks = (_source, start, end) => makeTasks(world.work, start, end);
  }

  /** @param onEnded called with the program's result and its bytes */
  start<T>(program: (engine: Engine) => Promise<T>, onEnded: (result: T, bytes: number) => void): void {
    const { clock, counts } = this.#world;
    clock.at(this.#world.executions.pass(clock.nowMs), () => {
      counts.executions++;
      this.#tell(() => {
        void program(this).then((result) => {
          this.#ended = () => onEnded(result, JSON.stringify(result).length);
        });
      });
    });
  }

  step<T>(): Promise<T> {
    throw new Error('a fan-out has no steps');
  }

  wait(): Promise<void> {
    throw new Error('a fan-out has no pauses');
  }

  lanes<T>(_name: string, numLanes: number, body: (lanes: Lanes) => Promise<T>): Promise<T> {
    this.#update();
    return body(this.#openLanes(numLanes));
  }

  #openLanes(numLanes: number): Lanes {
    const { clock } = this.#world;
    const starts = new Array<number | undefined>(numLanes);
    const attempts = new Uint16Array(numLanes);
    return {
      startedAtMs: clock.nowMs,
      getStart: (lane) => starts[lane],
      invoke: (lane, { functionName, payload, pause }, onEnded) => {
        starts[lane] = undefined;
        const attempt = ++attempts[lane];
        this.#pause(pause, () => {
          const invocation = this.#world.prepare(functionName, payload, attempt);
          this.#update(invocation.bytes, () => {
            const startedAtMs = clock.nowMs;
            starts[lane] = startedAtMs;
            invocation.start((outcome, bytes) => {
              this.#bytes += bytes;
              const times = { startedAtMs, endedAtMs: clock.nowMs };
              this.#tell(() => {
                if (outcome.ok) invocation.told();
                onEnded({ ...outcome, ...times } as Outcome<never>);
              });
            });
          });
        });
      },
      poll: (pauseSeconds, look, onFound) => {
        const goOn = (atMs: number): void => {
          const seconds = pauseSeconds(atMs);
          if (seconds === undefined) return;
          this.#pause({ seconds }, async () => {
            const nowMs = clock.nowMs;
            this.#update();
            const found = await look(nowMs);
            if (this.#ended) return;
            if (found !== undefined) onFound(found, nowMs);
            goOn(nowMs);
          });
        };
        goOn(clock.nowMs);
      },
    };
  }

  /** Go on after a pause, or when it is cut short; at once without one. */
  #pause(pause: { seconds: number; hurry?: Promise<void> } | undefined, goOn: () => void): void {
    if (!pause) {
      goOn();
      return;
    }
    let isOver = false;
    const end = () => {
      if (!isOver) goOn();
      isOver = true;
    };
    this.#update(0, () => this.#world.clock.after(pause.seconds * 1000, () => isOver || this.#tell(end)));
    pause.hurry?.then(end);
  }

  /** Make an operation. */
  #update(bytes = 0, accepted?: () => void): void {
    this.operations++;
    this.#bytes += bytes;
    this.#updates.push({ bytes, accepted });
  }

  /** Deliver a message: in the next resume, or in the next turn of this one. */
  #tell(what: () => void): void {
    if (this.#ended) return;
    this.#inbox.push(what);
    if (!this.#isAwake) this.#wake();
  }

  #wake(): void {
    this.#isAwake = true;
    const { clock, lambda, aws, counts, states } = this.#world;
    clock.after(aws.invokeMs, () =>
      lambda.enter(ORCHESTRATOR, (isCold) => {
        counts.resumes++;
        this.#awakeSinceMs = clock.nowMs;
        let readyMs = clock.nowMs + (isCold ? aws.orchestratorColdMs : 0);
        // a page of state has 1,000 operations, the first comes with the event
        for (let page = 1; page < this.operations / 1000; page++) readyMs = states.pass(readyMs) + aws.checkpointMs;
        clock.at(readyMs + replayMs(aws, this.operations), () => this.#turn());
      }),
    );
  }

  #turn(): void {
    const { clock } = this.#world;
    for (const tell of this.#inbox.splice(0)) tell();
    clock.settlePromises();
    clock.after(0, () => this.#checkpoint());
  }

  #checkpoint(): void {
    const { clock, aws, checkpoints, checkpointPeak } = this.#world;
    const updates = this.#updates;
    this.#updates = [];
    let atMs = clock.nowMs;
    for (let first = 0; first < updates.length; ) {
      let last = first;
      for (let bytes = 0; last < updates.length && last - first < aws.updatesPerCheckpoint; last++) {
        bytes += updates[last].bytes;
        if (bytes > aws.bytesPerCheckpoint && last > first) break;
      }
      const accepted = updates.slice(first, last);
      first = last;
      const sentMs = checkpoints.pass(atMs);
      checkpointPeak.add(sentMs);
      atMs = sentMs + aws.checkpointMs;
      clock.at(atMs, () => {
        for (const update of accepted) update.accepted?.();
      });
    }
    // its answer has the events since
    if (updates.length > 0)
      clock.at(atMs, () => (this.#inbox.length > 0 && !this.#ended ? this.#turn() : this.#sleep()));
    else this.#sleep();
  }

  #sleep(): void {
    const { clock, lambda, counts } = this.#world;
    counts.orchestratorMs += clock.nowMs - this.#awakeSinceMs;
    this.#isAwake = false;
    lambda.leave(ORCHESTRATOR);
    if (!this.#ended) {
      if (this.#inbox.length > 0) this.#wake();
      return;
    }
    counts.operations += this.operations;
    counts.maxOperations = Math.max(counts.maxOperations, this.operations);
    counts.maxBytes = Math.max(counts.maxBytes, this.#bytes);
    this.#ended();
  }
}

/** The program of a slice. */
export function shardProgram(payload: unknown): (engine: Engine) => Promise<unknown> {
  if (!isShard(payload)) throw new Error('no slice of a fan-out');
  return (engine) => runShard(engine, payload, () => ({}));
}

/** Between the points that were measured; beyond the last, as steep as before it. */
function replayMs({ replayMs: points }: Aws, operations: number): number {
  const next = Math.max(
    1,
    points.findIndex(([most]) => operations <= most),
  );
  const i = operations > points.at(-1)![0] ? points.length - 1 : next;
  const [fewer, fewerMs] = points[i - 1];
  const [more, moreMs] = points[i];
  return fewerMs + ((operations - fewer) / (more - fewer)) * (moreMs - fewerMs);
}
