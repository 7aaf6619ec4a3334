// A search as it is shown: which order, and how values are written.

import type { Overrides } from '../plan/search/candidates.ts';
import { writeOption } from './command.ts';
import type { CandidateResult, SearchReport } from './search-results.ts';

/** Results as they are listed: those of the last round first, each round from the best down, equals in their order. */
export function byRank({ results }: SearchReport): CandidateResult[] {
  return [...results].sort(
    (a, b) => b.round - a.round || a.rankTestScore - b.rankTestScore || a.candidate - b.candidate,
  );
}

/** A value as its option takes it. */
export function writeValue(params: Overrides, name: string): string {
  return writeOption(name as keyof Overrides, params[name as keyof Overrides]);
}

/** Place among the candidates of the same round, from 1; equals share the better one. */
export function rankInRound({ results }: SearchReport, { round, rankTestScore }: CandidateResult): number {
  return 1 + results.filter((other) => other.round === round && other.rankTestScore < rankTestScore).length;
}
