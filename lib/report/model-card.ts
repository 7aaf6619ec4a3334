// The model in words: what it is, what it was made from, how far to trust it.
// Source: Mitchell et al., "Model cards for model reporting", doi:10.1145/3287560.3287596, for the headings.

import type { Report } from '../report.ts';
import { count, fixed, percent } from './html.ts';

/** Headings and plain text. */
export function modelCard(report: Report): [heading: string, text: string][] {
  const { model, params, rows, classCounts, accuracy, accuracyInterval, accuracyCeiling, oobScore } = report;
  const numClasses = classCounts.length;
  const total = classCounts.reduce((sum, rows) => sum + rows, 0);
  const [rarest, mostFrequent] = [Math.min(...classCounts), Math.max(...classCounts)].map((rows) => rows / total);
  const [low, high] = accuracyInterval;
  const ceiling =
    accuracyCeiling === null
      ? ''
      : ` The best that any classifier could reach on these data is ${fixed(accuracyCeiling)}: the generator knows the chance of each label.`;
  const oob = oobScore === null ? '' : ` Out of bag, on training rows, it was ${fixed(oobScore)}.`;
  return [
    [
      'Model',
      `A random forest of ${count(model.numTrees)} classification trees with ${count(model.numNodes)} nodes, for ${numClasses} classes and ${count(params.features)} numeric features. Made by arvoredo; its file has the SHA-256 below, and the same parameters give the same file.`,
    ],
    [
      'Intended use',
      `Predicting the class of rows that come from the same source as the training data. The data are made by the generator ${params.generator}: the model says something about the method and the machine, and nothing about the world.`,
    ],
    [
      'Training data',
      `${count(rows.train)} of ${count(rows.total)} rows, ${params.shuffle ? 'drawn at random' : 'the first ones in order'} (seed ${params.seed}). Values were put into at most ${params.maxBins} bins for each feature.`,
    ],
    [
      'Evaluation',
      `On ${count(rows.test)} rows that no tree saw: accuracy ${fixed(accuracy)}, 95 % interval ${fixed(low)} to ${fixed(high)}.${ceiling}${oob}`,
    ],
    [
      'Balance',
      `Classes hold from ${percent(rarest!)} to ${percent(mostFrequent!)} of the rows. Always answering the most frequent one would be right in ${percent(mostFrequent!)}.`,
    ],
    [
      'Limits',
      'The interval is for rows of the same source; rows of another may be predicted worse, without a sign of it. Probabilities are shares of the trees’ leaves and can be off: see the calibration. Importances tell what the forest uses, not what causes what; features that say the same share theirs.',
    ],
    [
      'Not measured',
      'Fairness between groups, robustness against chosen input, drift over time. Whoever uses the model where people are concerned has to.',
    ],
  ];
}
