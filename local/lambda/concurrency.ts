// Who may run now: invocations in flight against the account's limit, a function's own, and the pace of scaling out.

import { invalidParameter } from './http.ts';
import { RAMP_MS } from './limits.ts';
import type { LocalFunction, ThrottleReason } from './options.ts';

export interface ConcurrencyOptions {
  functions: readonly LocalFunction[];
  /** Most invocations at once over all functions, from 1 up. */
  accountLimit: number;
  /** New sandboxes that each function may get in 10 s. @default no limit */
  sandboxesPer10s?: number;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
}

/** What is counted for one function. */
interface Count {
  inFlight: number;
  /** Places set aside for this function alone, which are also its limit. */
  reserved?: number;
  /** Sandboxes that it has been let have: never fewer than are in flight. */
  sandboxes: number;
  /** Sandboxes that it may get now; refilled continuously, and never above `sandboxesPer10s`. */
  budget: number;
  refilledMs: number;
  /** Who waits for a place, the first first. */
  waiting: { turn: number; enter: () => void }[];
}

export class Concurrency {
  readonly accountLimit: number;
  readonly #ramp: number;
  readonly #now: () => number;
  readonly #counts = new Map<LocalFunction, Count>();
  #numTurns = 0;
  #refill?: NodeJS.Timeout;
  #isClosed = false;

  /** @throws {RangeError} when the functions reserve more than the account has */
  constructor({
    functions,
    accountLimit,
    sandboxesPer10s = Infinity,
    now = () => performance.now(),
  }: ConcurrencyOptions) {
    this.accountLimit = accountLimit;
    this.#ramp = sandboxesPer10s;
    this.#now = now;
    for (const fn of functions) {
      this.#counts.set(fn, {
        inFlight: 0,
        reserved: fn.reservedConcurrency,
        sandboxes: 0,
        budget: sandboxesPer10s,
        refilledMs: now(),
        waiting: [],
      });
    }
    if (this.unreserved < 1) {
      const reserved = accountLimit - this.unreserved;
      throw new RangeError(`functions reserve ${reserved} places of ${accountLimit}; at least 1 must stay unreserved`);
    }
  }

  /** Places that no function has set aside for itself. */
  get unreserved(): number {
    let unreserved = this.accountLimit;
    for (const { reserved = 0 } of this.#counts.values()) unreserved -= reserved;
    return unreserved;
  }

  reserved(fn: LocalFunction): number | undefined {
    return this.#count(fn).reserved;
  }

  /**
   * Set places aside for a function, or give them back.
   *
   * @param places from 0, which stops the function, up; undefined gives them back
   * @throws {ApiError} 400 when nothing would be left for the others: AWS keeps 100 places for them, a laptop 1
   */
  reserve(fn: LocalFunction, places: number | undefined): void {
    const count = this.#count(fn);
    if (this.unreserved + (count.reserved ?? 0) - (places ?? 0) < 1) {
      throw invalidParameter(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [1].",
      );
    }
    count.reserved = places;
    this.#admit();
  }

  /** Why an invocation of `fn` cannot begin now; undefined when it can. */
  refusal(fn: LocalFunction): ThrottleReason | undefined {
    const count = this.#count(fn);
    const isReserved = count.reserved !== undefined;
    if (isReserved) {
      if (count.inFlight >= count.reserved!) return 'ReservedFunctionConcurrentInvocationLimitExceeded';
    } else if (this.#unreservedInFlight() >= this.unreserved) {
      return 'ConcurrentInvocationLimitExceeded';
    }
    if (count.inFlight < count.sandboxes || this.#budget(count) >= 1) return undefined;
    return isReserved ? 'ReservedFunctionInvocationRateLimitExceeded' : 'FunctionInvocationRateLimitExceeded';
  }

  /** Take a place for one invocation, which `leave` gives back; refused places are the caller's to report. */
  enter(fn: LocalFunction): void {
    const count = this.#count(fn);
    count.inFlight++;
    if (count.inFlight > count.sandboxes) {
      count.sandboxes++;
      count.budget--;
    }
  }

  /** Take a place as soon as there is one. Never settles once this is closed. */
  enterWhenFree(fn: LocalFunction): Promise<void> {
    return new Promise((enter) => {
      this.#count(fn).waiting.push({ turn: this.#numTurns++, enter });
      this.#admit();
    });
  }

  leave(fn: LocalFunction): void {
    this.#count(fn).inFlight--;
    this.#admit();
  }

  /** A sandbox of `fn` is no more. */
  lose(fn: LocalFunction): void {
    const count = this.#count(fn);
    count.sandboxes = Math.max(count.inFlight, count.sandboxes - 1);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#refill);
  }

  #count(fn: LocalFunction): Count {
    return this.#counts.get(fn)!;
  }

  #unreservedInFlight(): number {
    let total = 0;
    for (const { inFlight, reserved } of this.#counts.values()) if (reserved === undefined) total += inFlight;
    return total;
  }

  #budget(count: Count): number {
    if (this.#ramp === Infinity) return Infinity;
    const nowMs = this.#now();
    count.budget = Math.min(this.#ramp, count.budget + ((nowMs - count.refilledMs) / RAMP_MS) * this.#ramp);
    count.refilledMs = nowMs;
    return count.budget;
  }

  /** Let in whoever can go now: durable functions first, as they are short and give the others their work. */
  #admit(): void {
    while (!this.#isClosed) {
      let first: LocalFunction | undefined;
      for (const [fn, { waiting }] of this.#counts) {
        if (waiting.length === 0 || this.refusal(fn)) continue;
        if (!first || rank(fn, waiting[0].turn) < rank(first, this.#count(first).waiting[0].turn)) first = fn;
      }
      if (!first) break;
      this.enter(first);
      this.#count(first).waiting.shift()!.enter();
    }
    this.#admitAfterRefill();
  }

  #admitAfterRefill(): void {
    clearTimeout(this.#refill);
    if (this.#ramp === Infinity || this.#isClosed) return;
    if (![...this.#counts.values()].some(({ waiting }) => waiting.length > 0)) return;
    this.#refill = setTimeout(() => this.#admit(), RAMP_MS / this.#ramp);
  }
}

function rank(fn: LocalFunction, turn: number): number {
  return fn.durable ? turn - Number.MAX_SAFE_INTEGER : turn;
}
