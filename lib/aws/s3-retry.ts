// Retries of requests to S3: all numbers of attempts and pauses, and a retry strategy for the SDK.

import { ConfiguredRetryStrategy } from '@smithy/core/retry';

/** Attempts of a request that meets SlowDown: 19 pauses, 36 to 107 s in all. S3 sends it while it splits a prefix. */
export const SLOW_DOWN_ATTEMPTS = 20;
const SLOW_DOWN_PAUSE_MS = 100; // median of the first pause, doubled with each attempt
const MAX_PAUSE_MS = 5000;
/** Attempts after any other transient fault, such as a broken connection or a 500: they end within seconds. */
const ATTEMPTS = 5;
const PAUSE_MS = 50;
/** Attempts to read a body: the SDK retries only until the head of the answer has arrived. */
export const BODY_ATTEMPTS = 5;
/** Attempts of a conditional write: S3 answers 409 while two of them race, and its documentation asks for a retry. */
export const CONFLICT_ATTEMPTS = 5;
/** Maximum of the first pause after a body that broke off or a conflict, doubled with each attempt. */
const MAX_SHORT_PAUSE_MS = 100;

/**
 * @param attempt number of the rejected attempt, ≥ 1
 * @param share random number in [0, 1)
 */
export function slowDownPauseMs(attempt: number, share: number): number {
  return pauseMs(SLOW_DOWN_PAUSE_MS, attempt, share);
}

/**
 * The pause after a body that broke off, or a conflict.
 *
 * @param attempt number of the failed attempt, ≥ 1
 */
export function shortPauseMs(attempt: number): number {
  return Math.random() * MAX_SHORT_PAUSE_MS * 2 ** (attempt - 1);
}

function pauseMs(firstMs: number, attempt: number, share: number): number {
  return Math.min(MAX_PAUSE_MS, firstMs * 2 ** (attempt - 1)) * (0.5 + share);
}

/** The methods of a retry strategy that the SDK calls. */
type RetryStrategy = Pick<
  ConfiguredRetryStrategy,
  'acquireInitialRetryToken' | 'refreshRetryTokenForRetry' | 'recordSuccess'
>;
type Kind = 'slowDown' | 'other';
interface Request {
  strategies: Record<Kind, RetryStrategy>;
  tokens: Record<Kind, Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>>;
}

/**
 * A retry strategy with separate limits for each request. The SDK's default strategy has one quota for all requests of a
 * client, which a few requests use up in a storm. Pauses vary from 0.5 to 1.5 times the median, so that requests rejected
 * together do not return together.
 *
 * @param random gives random numbers in [0, 1)
 */
export function s3RetryStrategy(random: () => number = Math.random): RetryStrategy {
  const requests = new WeakMap<object, Request>();
  return {
    async acquireInitialRetryToken(scope) {
      const strategies = {
        slowDown: new ConfiguredRetryStrategy(SLOW_DOWN_ATTEMPTS, (attempt) => slowDownPauseMs(attempt, random())),
        other: new ConfiguredRetryStrategy(ATTEMPTS, (attempt) => pauseMs(PAUSE_MS, attempt, random())),
      };
      const [slowDown, other] = await Promise.all([
        strategies.slowDown.acquireInitialRetryToken(scope),
        strategies.other.acquireInitialRetryToken(scope),
      ]);
      requests.set(other, { strategies, tokens: { slowDown, other } });
      return other;
    },
    async refreshRetryTokenForRetry(token, error) {
      const request = requests.get(token)!;
      const kind = error.errorType === 'THROTTLING' ? 'slowDown' : 'other';
      const next = await request.strategies[kind].refreshRetryTokenForRetry(request.tokens[kind], error);
      request.tokens[kind] = next;
      requests.set(next, request);
      return next;
    },
    recordSuccess() {},
  };
}
