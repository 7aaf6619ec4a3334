// S3's limit of requests to a prefix, and what the SDK does about it.

import { SLOW_DOWN_ATTEMPTS, slowDownPauseMs } from '../../lib/aws/s3-retry.ts';
import type { Clock } from './clock.ts';
import { Bucket, Peak } from './rates.ts';
import type { Aws } from './scenario.ts';

/** A task that sends requests. */
interface Sender {
  task: number;
  onDone: () => void;
  /** Called when a request has met SlowDown on its last attempt. */
  onSlowDown: () => void;
}

/** One kind of request: to write or to read. */
export class S3Requests {
  readonly #clock: Clock;
  readonly #prefixes: Bucket[];
  readonly #requestMs: number;
  readonly #random: () => number;
  /** Requests that were answered, by the busiest second, over all prefixes. */
  readonly served = new Peak();
  slowedDown = 0;

  constructor(clock: Clock, { s3Ms, s3Prefixes }: Aws, perSecond: number, random: () => number) {
    this.#clock = clock;
    this.#prefixes = Array.from({ length: s3Prefixes }, () => new Bucket(perSecond, perSecond));
    this.#requestMs = s3Ms;
    this.#random = random;
  }

  /** Send `count` requests for a task, one after the other. */
  send(task: number, count: number, onDone: () => void, onSlowDown: () => void): void {
    this.#attempt({ task, onDone, onSlowDown }, count, 1);
  }

  #attempt(sender: Sender, count: number, attempt: number): void {
    const { task, onDone, onSlowDown } = sender;
    if (count === 0) {
      onDone();
      return;
    }
    if (this.#prefixes[task % this.#prefixes.length].take(this.#clock.nowMs)) {
      this.served.add(this.#clock.nowMs);
      this.#clock.after(this.#requestMs, () => this.#attempt(sender, count - 1, 1));
      return;
    }
    this.slowedDown++;
    if (attempt === SLOW_DOWN_ATTEMPTS) {
      onSlowDown();
      return;
    }
    const pauseMs = slowDownPauseMs(attempt, this.#random());
    this.#clock.after(this.#requestMs + pauseMs, () => this.#attempt(sender, count, attempt + 1));
  }
}
