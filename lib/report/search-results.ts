// What a search found: the scores of every candidate in every round, their ranks, and the best.

import type { SearchPlan } from '../plan/plan.ts';
import type { Overrides } from '../plan/search/candidates.ts';
import type { Round } from '../plan/search/halving.ts';
import { isGreaterBetter, type ScoringName } from '../plan/search/scoring.ts';
import type { Halving, SearchSpec } from '../plan/search/spec.ts';
import type { FitResult } from '../stages/fit.ts';
import { writeOption } from './command.ts';

/** One candidate in one round; names are those of scikit-learn's `cv_results_`, in camelCase and with units. */
export interface CandidateResult {
  /** Position in the order of the candidates. */
  candidate: number;
  params: Overrides;
  /** Round that it was in, from 0, and how much of the resource it had there. */
  round: number;
  resources: number;
  /** Score of each fold; null where its rows do not define it. */
  splitTestScores: (number | null)[];
  /** Mean and standard deviation over the folds; null when one is. */
  meanTestScore: number | null;
  stdTestScore: number | null;
  /** Among all rounds, from 1; equals share the better one. */
  rankTestScore: number;
  meanFitSeconds: number;
  stdFitSeconds: number;
  meanScoreSeconds: number;
  stdScoreSeconds: number;
}

/** `search` in report.json. */
export interface SearchReport {
  spec: SearchSpec;
  numFolds: number;
  scoring: ScoringName;
  greaterIsBetter: boolean;
  resource: Halving['resource'];
  rounds: Round[];
  /** Round by round, in the order of the candidates. */
  results: CandidateResult[];
  /** Position in `results` of the best of the last round: the first of equals. */
  best: number;
}

/** The scores of one candidate by fold. */
export function toScores(fits: readonly FitResult[], scoring: ScoringName): (number | null)[] {
  return fits.map(({ scores }) => scores[scoring] ?? null);
}

/** Candidates of a round by score, the best first, and the first of equals before the others; those without one last. */
function order(scores: readonly (readonly (number | null)[])[], scoring: ScoringName): number[] {
  const values = scores.map((ofFolds) => worth(meanOf(ofFolds), scoring));
  return [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
}

/**
 * The best of a round, in the order of the candidates.
 *
 * @param candidates of the round
 * @param scores of each of them by fold
 */
export function bestOf(
  count: number,
  candidates: readonly number[],
  scores: readonly (readonly (number | null)[])[],
  scoring: ScoringName,
): number[] {
  const best = order(scores, scoring).slice(0, count);
  return best.map((at) => candidates[at]).sort((a, b) => a - b);
}

/** @param fits of each round, of each of its candidates, by fold */
export function reportSearch(
  { spec, numFolds, candidates, rounds }: SearchPlan,
  entered: readonly (readonly number[])[],
  fits: readonly (readonly (readonly FitResult[])[])[],
): SearchReport {
  const { scoring } = spec;
  const results = rounds.flatMap(({ resources }, round) =>
    entered[round].map((candidate, at) => {
      const ofFolds = fits[round][at];
      const splitTestScores = toScores(ofFolds, scoring);
      return {
        candidate,
        params: candidates[candidate].params,
        round,
        resources,
        splitTestScores,
        ...named('TestScore', splitTestScores),
        rankTestScore: 0,
        ...named('FitSeconds', ofFolds.map(({ fitSeconds }) => fitSeconds)), // biome-ignore format: one line
        ...named('ScoreSeconds', ofFolds.map(({ scoreSeconds }) => scoreSeconds)), // biome-ignore format: one line
      } as CandidateResult;
    }),
  );
  const values = results.map(({ meanTestScore }) => worth(meanTestScore, scoring));
  const sorted = [...values].sort((a, b) => b - a);
  for (const [i, result] of results.entries()) result.rankTestScore = sorted.indexOf(values[i]) + 1;
  const last = results.flatMap(({ round }, i) => (round === rounds.length - 1 ? [i] : []));
  const [first] = order(
    last.map((i) => results[i].splitTestScores),
    scoring,
  );
  return {
    spec,
    numFolds,
    scoring,
    greaterIsBetter: isGreaterBetter(scoring),
    resource: spec.halving?.resource ?? 'rows',
    rounds,
    results,
    best: last[first],
  };
}

function named(what: string, values: readonly (number | null)[]): Record<string, number | null> {
  const mean = meanOf(values);
  const squares = mean === null ? null : meanOf(values.map((value) => (value! - mean) ** 2));
  return { [`mean${what}`]: mean, [`std${what}`]: squares === null ? null : Math.sqrt(squares) };
}

function meanOf(values: readonly (number | null)[]): number | null {
  if (values.includes(null)) return null;
  return (values as number[]).reduce((sum, value) => sum + value, 0) / values.length;
}

/** More is better; without a score least of all. */
function worth(score: number | null, scoring: ScoringName): number {
  if (score === null) return -Number.MAX_VALUE;
  return isGreaterBetter(scoring) ? score : -score;
}

/** Results in the order of a table: the last round first, each round from the best down, ties in the order of the candidates. */
export function byRank({ results }: SearchReport): CandidateResult[] {
  return [...results].sort(
    (a, b) => b.round - a.round || a.rankTestScore - b.rankTestScore || a.candidate - b.candidate,
  );
}

/** Format the value of a parameter as its option takes it. */
export function writeValue(params: Overrides, name: string): string {
  return writeOption(name as keyof Overrides, params[name as keyof Overrides]);
}

/** Rank among the candidates of the same round, from 1; ties share the better rank. */
export function rankInRound({ results }: SearchReport, { round, rankTestScore }: CandidateResult): number {
  return 1 + results.filter((other) => other.round === round && other.rankTestScore < rankTestScore).length;
}
