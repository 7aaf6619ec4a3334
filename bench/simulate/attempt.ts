// One invocation of the worker: waits for a slot, reads, works, writes.

import type { AttemptWork } from './scenario.ts';
import type { Ending, World } from './world.ts';

export class WorkerAttempt {
  readonly #world: World;
  readonly #functionName: string;
  readonly #task: number;
  readonly #work: AttemptWork;
  readonly #onEnded: (ending: Ending) => void;
  #startedMs = 0;

  constructor(
    world: World,
    {
      functionName,
      task,
      work,
      onEnded,
    }: { functionName: string; task: number; work: AttemptWork; onEnded: (ending: Ending) => void },
  ) {
    this.#world = world;
    this.#functionName = functionName;
    this.#task = task;
    this.#work = work;
    this.#onEnded = onEnded;
  }

  invoke(): void {
    this.#world.lambda.enter(
      this.#functionName,
      (isCold) => this.#start(isCold),
      () => this.#onEnded({ ok: false, error: { name: 'ThrottledError', message: 'Rate Exceeded.' } }),
    );
  }

  #start(isCold: boolean): void {
    const { clock, aws } = this.#world;
    this.#startedMs = clock.nowMs;
    if (isCold) clock.after(aws.workerColdMs, () => this.#read());
    else this.#read();
  }

  #read(): void {
    const { reads, work, clock } = this.#world;
    const { ms, error } = this.#work;
    reads.send(
      this.#task,
      work.s3Reads,
      () => clock.after(ms, () => (error ? this.#end({ ok: false, error }) : this.#write())),
      () => this.#slowDown(),
    );
  }

  #write(): void {
    const { writes, work } = this.#world;
    writes.send(
      this.#task,
      work.s3Writes,
      () => {
        this.#world.written(this.#task);
        this.#end({ ok: true, result: { i: this.#task } });
      },
      () => this.#slowDown(),
    );
  }

  #slowDown(): void {
    this.#end({ ok: false, error: { name: 'SlowDown', message: 'Please reduce your request rate.' } });
  }

  /** The slot was taken for as long as all that lasted. */
  #end(ending: Ending): void {
    this.#world.ran(this.#functionName, this.#world.clock.nowMs - this.#startedMs);
    this.#onEnded(ending);
  }
}
