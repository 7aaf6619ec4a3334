// Lambda's limits: concurrency of the account, sandboxes that stay warm, and the rate of new ones.

import type { Clock } from './clock.ts';
import { Bucket } from './rates.ts';
import type { Aws } from './scenario.ts';

interface Pool {
  idle: number;
  running: number;
  ramp: Bucket;
  waiting: ((isCold: boolean) => void)[];
  /** Position of the first that waits. */
  first: number;
  isRefillAwaited: boolean;
}

export class Lambda {
  readonly #clock: Clock;
  readonly #aws: Aws;
  /** By function, in the order in which they are let in: orchestrators first, as they give the others their work. */
  readonly #pools = new Map<string, Pool>();
  #running = 0;
  peakRunning = 0;
  /** New sandboxes by function. */
  readonly cold = new Map<string, number>();

  constructor(clock: Clock, aws: Aws, functionNames: readonly string[]) {
    this.#clock = clock;
    this.#aws = aws;
    for (const name of functionNames) {
      const ramp = new Bucket(aws.sandboxesPer10s, aws.sandboxesPer10s / 10);
      this.#pools.set(name, { idle: 0, running: 0, ramp, waiting: [], first: 0, isRefillAwaited: false });
      this.cold.set(name, 0);
    }
  }

  /**
   * Ask for a sandbox.
   *
   * @param onRefused called instead of waiting, where invocations beyond a limit fail
   */
  enter(name: string, onStarted: (isCold: boolean) => void, onRefused?: () => void): void {
    const pool = this.#pools.get(name)!;
    pool.waiting.push(onStarted);
    this.#admit();
    if (onRefused && this.#aws.whenThrottled === 'fail' && pool.waiting.at(-1) === onStarted) {
      pool.waiting.pop();
      onRefused();
    }
  }

  leave(name: string): void {
    const pool = this.#pools.get(name)!;
    pool.running--;
    pool.idle++;
    this.#running--;
    this.#admit();
  }

  #admit(): void {
    for (const [name, pool] of this.#pools) {
      while (pool.first < pool.waiting.length && this.#running < this.#aws.concurrency) {
        const isCold = pool.idle === 0;
        if (isCold && !pool.ramp.take(this.#clock.nowMs)) {
          this.#awaitRefill(pool);
          break;
        }
        if (isCold) this.cold.set(name, this.cold.get(name)! + 1);
        else pool.idle--;
        pool.running++;
        this.peakRunning = Math.max(this.peakRunning, ++this.#running);
        pool.waiting[pool.first++](isCold);
        if (pool.first === pool.waiting.length) {
          pool.waiting = [];
          pool.first = 0;
        }
      }
    }
  }

  #awaitRefill(pool: Pool): void {
    if (pool.isRefillAwaited) return;
    pool.isRefillAwaited = true;
    this.#clock.after(pool.ramp.msToNext(), () => {
      pool.isRefillAwaited = false;
      this.#admit();
    });
  }
}
