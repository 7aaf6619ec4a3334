// Which invocations may start: limits of the account and of each function, and the pace of scaling out.

import { InputError } from '../../lib/base/errors.ts';
import { invalidParameter } from './http.ts';
import { RAMP_MS } from './limits.ts';
import type { LocalFunction, ThrottleReason } from './options.ts';

export interface ConcurrencyOptions {
  functions: readonly LocalFunction[];
  /** Maximum concurrent invocations over all functions, ≥ 1. */
  accountLimit: number;
  /** New sandboxes that each function may get in 10 s. @default no limit */
  sandboxesPer10s?: number;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
}

/** The counters of one function. */
interface Count {
  inFlight: number;
  /** Concurrency reserved for this function, which is also its limit. */
  reserved?: number;
  /** Sandboxes that it was allowed to start: never fewer than its invocations in flight. */
  sandboxes: number;
  /** Sandboxes that it may start now; refilled continuously, and never above `sandboxesPer10s`. */
  budget: number;
  refilledMs: number;
  /** Invocations that wait for a concurrency slot, in their order. */
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

  /** @throws {InputError} when the functions reserve more than the account has */
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
      throw new InputError(
        `functions reserve ${reserved} of ${accountLimit} concurrency slots; at least 1 must stay unreserved`,
      );
    }
  }

  /** Concurrency slots that no function has reserved. */
  get unreserved(): number {
    let unreserved = this.accountLimit;
    for (const { reserved = 0 } of this.#counts.values()) unreserved -= reserved;
    return unreserved;
  }

  reserved(fn: LocalFunction): number | undefined {
    return this.#count(fn).reserved;
  }

  /**
   * Reserve concurrency for a function, or remove the reservation.
   *
   * @param slots ≥ 0; 0 stops the function, undefined removes the reservation
   * @throws {ApiError} 400 when no slot would stay unreserved; on AWS 100 must stay unreserved
   */
  reserve(fn: LocalFunction, slots: number | undefined): void {
    const count = this.#count(fn);
    if (this.unreserved + (count.reserved ?? 0) - (slots ?? 0) < 1) {
      throw invalidParameter(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [1].",
      );
    }
    count.reserved = slots;
    this.#admit();
  }

  /** Why an invocation of `fn` cannot start now; undefined when it can. */
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

  /** Take a slot for one invocation, which `leave` gives back. The caller checks `refusal` first and reports it. */
  enter(fn: LocalFunction): void {
    const count = this.#count(fn);
    count.inFlight++;
    if (count.inFlight > count.sandboxes) {
      count.sandboxes++;
      count.budget--;
    }
  }

  /** Take a slot as soon as one is free. Never settles after `close`. */
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

  /** Record that a sandbox of `fn` has ended. */
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

  /** Admit every waiting invocation that can start: durable functions first, as they are short and start the others. */
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
