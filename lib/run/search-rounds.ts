// The rounds of a search as fan-outs of a run. The tasks of each are known when the one before is done.

import type { Engine } from '../fanout/engine.ts';
import type { Candidate, SearchPlan } from '../plan/plan.ts';
import { chooseBest, reportSearch, type SearchReport, toScores } from '../report/search-results.ts';
import { type FitResult, type FitTask, fitKey } from '../stages/fit.ts';
import type { StageTask } from '../stages/stage.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { mapLimited, STORE_REQUESTS } from '../store/task.ts';

export interface SearchRounds {
  /** One fan-out for each round, to run one after another. */
  fanOuts: (() => Promise<StageTask[]>)[];
  /** The best candidate, when all rounds are done. */
  best(): Promise<Candidate>;
  report(): Promise<SearchReport>;
}

export function searchRounds(engine: Engine, store: Store, runId: string, search: SearchPlan): SearchRounds {
  const { candidates, rounds, spec, numFolds } = search;
  const folds = Array.from({ length: numFolds }, (_, fold) => fold);
  const allCandidates = candidates.map((_, i) => i);
  // the candidates of each round so far
  const entered: number[][] = [];
  const listed = new Set<string>();

  const tasksOf = (candidate: number, round: number): FitTask[] => {
    const { params } = candidates[candidate];
    const { resources } = rounds[round];
    const isTrees = spec.halving?.resource === 'trees';
    const { numTrain } = candidates[candidate].plan;
    return folds.map((fold) => ({
      kind: 'fit',
      runId,
      params: isTrees ? { ...params, trees: resources } : params,
      fold,
      ...(!isTrees && resources < numTrain && { numRows: resources }),
    }));
  };
  const readRound = async (round: number): Promise<FitResult[][]> => {
    const tasks = entered[round].flatMap((candidate) => tasksOf(candidate, round));
    const fits = await mapLimited(tasks, STORE_REQUESTS, (task) => getJson<FitResult>(store, fitKey(task)));
    return entered[round].map((_, at) => fits.slice(at * numFolds, (at + 1) * numFolds));
  };
  // remembered, so that a replay reads nothing
  const survivorsOf = (round: number): Promise<number[]> =>
    engine.step(`search-${round + 1}`, async () => {
      const scores = (await readRound(round)).map((fits) => toScores(fits, spec.scoring));
      return chooseBest(rounds[round + 1]?.numCandidates ?? 1, entered[round], scores, spec.scoring);
    });

  return {
    fanOuts: rounds.map((_, round) => async () => {
      entered[round] = round === 0 ? allCandidates : await survivorsOf(round - 1);
      return entered[round].flatMap((candidate) =>
        tasksOf(candidate, round).flatMap((task) => {
          const resultKey = fitKey(task);
          // rounds with the same candidate and resources share the result
          if (listed.has(resultKey)) return [];
          listed.add(resultKey);
          const taskId = `fit-${rounds.length > 1 ? `r${round}-` : ''}c${candidate}-f${task.fold}`;
          return [{ taskId, payload: task, inputKey: runKeys(runId).folder('train'), resultKey }];
        }),
      );
    }),
    best: async () => candidates[(await survivorsOf(rounds.length - 1))[0]],
    report: async () => reportSearch(search, entered, await mapLimited([...rounds.keys()], 1, readRound)),
  };
}
