// The results of a search: scores of each candidate in each round, their ranks, and the best.

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
  /** Round, from 0, and the amount of the resource in it. */
  round: number;
  resources: number;
  /** Score of each fold; null when the rows of the fold do not define it. */
  splitTestScores: (number | null)[];
  /** Mean and standard deviation over the folds; null when the score of a fold is null. */
  meanTestScore: number | null;
  stdTestScore: number | null;
  /** Among the results of all rounds, from 1; ties share the better rank. */
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
  /** Position in `results` of the best of the last round; of ties, the first. */
  best: number;
}

/** The scores of one candidate by fold. */
export function toScores(fits: readonly FitResult[], scoring: ScoringName): (number | null)[] {
  return fits.map(({ scores }) => scores[scoring] ?? null);
}

/** Sort the candidates of a round: the best first, ties in their order, those without a score last. */
function order(scores: readonly (readonly (number | null)[])[], scoring: ScoringName): number[] {
  const values = scores.map((ofFolds) => worth(meanScore(ofFolds), scoring));
  return [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
}

/**
 * Choose the best of a round; they keep the order of the candidates.
 *
 * @param candidates of the round
 * @param scores of each of them by fold
 */
export function chooseBest(
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
  const mean = meanScore(values);
  const squares = mean === null ? null : meanScore(values.map((value) => (value! - mean) ** 2));
  return { [`mean${what}`]: mean, [`std${what}`]: squares === null ? null : Math.sqrt(squares) };
}

function meanScore(values: readonly (number | null)[]): number | null {
  if (values.includes(null)) return null;
  return (values as number[]).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Turn a score into a number of which more is better; a missing score is the lowest. */
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
