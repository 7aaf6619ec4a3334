// When a request to S3 is tried again: the SDK's strategies, one for each request.

import { ConfiguredRetryStrategy } from '@smithy/core/retry';

/** Tries of a request that S3 slows down: 19 pauses, 36 to 107 s in all. S3 says so for as long as it divides a prefix. */
export const SLOW_DOWN_ATTEMPTS = 20;
const SLOW_DOWN_PAUSE_MS = 100; // the middle of the first; doubles
const MAX_PAUSE_MS = 5000;
/** Tries of one that meets anything else that may pass: a broken connection, a 500. Over within seconds. */
const ATTEMPTS = 5;
const PAUSE_MS = 50;

/**
 * @param attempt that was refused, ≥ 1
 * @param share drawn from [0, 1)
 */
export function slowDownPauseMs(attempt: number, share: number): number {
  return pauseMs(SLOW_DOWN_PAUSE_MS, attempt, share);
}

function pauseMs(firstMs: number, attempt: number, share: number): number {
  return Math.min(MAX_PAUSE_MS, firstMs * 2 ** (attempt - 1)) * (0.5 + share);
}

/** What the SDK asks of a strategy. */
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
 * The SDK's own strategy has a quota for all requests of a client, which some that wait out the same storm use up; here each
 * request has its own bounds. Pauses are from half to one and a half of their middle: who was refused together does not
 * come back together.
 *
 * @param random in [0, 1)
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
