// Limits on how often something may happen.

/** Requests that are let through one after the other, evenly: those that come too early wait. */
export class Queue {
  readonly #everyMs: number;
  #nextMs = 0;

  constructor(perSecond: number) {
    this.#everyMs = 1000 / perSecond;
  }

  /** @returns when a request of now is let through */
  pass(nowMs: number): number {
    const at = Math.max(nowMs, this.#nextMs);
    this.#nextMs = at + this.#everyMs;
    return at;
  }
}

/** A budget that is refilled continuously, never above its most, which it has at first. */
export class Bucket {
  readonly #most: number;
  readonly #perMs: number;
  #left: number;
  #refilledMs = 0;

  constructor(most: number, perSecond: number) {
    this.#most = most;
    this.#perMs = perSecond / 1000;
    this.#left = most;
  }

  /** Take that many, or none. */
  take(nowMs: number, count = 1): boolean {
    if (this.#most === Infinity) return true;
    this.#left = Math.min(this.#most, this.#left + (nowMs - this.#refilledMs) * this.#perMs);
    this.#refilledMs = nowMs;
    // a refill that was waited for may be a rounding error short
    if (this.#left + 1e-6 < count) return false;
    this.#left -= count;
    return true;
  }

  /** Milliseconds until one is there. */
  msToNext(): number {
    return Math.max(0, (1 - this.#left) / this.#perMs);
  }
}

/** How often something happened in the busiest second. */
export class Peak {
  readonly #bySecond: number[] = [];
  total = 0;

  add(nowMs: number, count = 1): void {
    const second = Math.floor(nowMs / 1000);
    this.#bySecond[second] = (this.#bySecond[second] ?? 0) + count;
    this.total += count;
  }

  get perSecond(): number {
    return this.#bySecond.reduce((most, count) => Math.max(most, count ?? 0), 0);
  }
}
