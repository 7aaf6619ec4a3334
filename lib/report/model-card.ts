// The model in words: what it is, what it was made from, how far to trust it.
// Source: Mitchell et al., "Model cards for model reporting", doi:10.1145/3287560.3287596, for the headings.

import type { ClassReport } from './class-report.ts';
import { count, fixed, percent, shortly } from './html.ts';
import type { ValueReport } from './regression-report.ts';
import type { Report } from './report.ts';
import { isRegressionReport } from './report.ts';
import { splitWords } from './split-words.ts';

/** Headings and plain text. */
export function modelCard(report: Report): [heading: string, text: string][] {
  const { model, params, rows, oobScore } = report;
  const { trees, what, evaluation, balance, caution } = isRegressionReport(report)
    ? ofValues(report)
    : ofClasses(report);
  const oob = oobScore === null ? '' : ` Out of bag, on training rows, it was ${fixed(oobScore)}.`;
  const source =
    params.data === undefined
      ? `The data are made by the generator ${params.generator}: the model says something about the method and the machine, and nothing about the world.`
      : 'Whether these are like the rows that it will be asked about, only who uses it can tell.';
  return [
    [
      'Model',
      `A random forest of ${count(model.numTrees)} ${trees} with ${count(model.numNodes)} nodes, for ${what} and ${count(params.features)} features. Made by arvoredo; its file has the SHA-256 above, and the same parameters give the same file.`,
    ],
    [
      'Intended use',
      `Predicting ${isRegressionReport(report) ? 'the value' : 'the class'} of rows that come from the same source as the training data. ${source}`,
    ],
    [
      'Training data',
      `${count(rows.train)} of ${count(rows.total)} rows, ${splitWords(params).train}. Values were put into at most ${params.maxBins} bins for each feature.`,
    ],
    ['Evaluation', `On ${count(rows.test)} rows that no tree saw: ${evaluation}${oob}`],
    [isRegressionReport(report) ? 'Values' : 'Balance', balance],
    [
      'Limits',
      `The interval is for rows of the same source; rows of another may be predicted worse, without a sign of it. ${caution} Importances tell what the forest uses, not what causes what; features that say the same share theirs.`,
    ],
    [
      'Not measured',
      'Fairness between groups, robustness against chosen input, drift over time. Whoever uses the model where people are concerned has to.',
    ],
  ];
}

interface Words {
  trees: string;
  what: string;
  evaluation: string;
  balance: string;
  caution: string;
}

function ofClasses({ classCounts, accuracy, accuracyInterval: [low, high], accuracyCeiling }: ClassReport): Words {
  const total = classCounts.reduce((sum, rows) => sum + rows, 0);
  const [rarest, mostFrequent] = [Math.min(...classCounts), Math.max(...classCounts)].map((rows) => rows / total);
  const ceiling =
    accuracyCeiling === null
      ? ''
      : ` The best that any classifier could reach on these data is ${fixed(accuracyCeiling)}: the generator knows the chance of each label.`;
  return {
    trees: 'classification trees',
    what: `${classCounts.length} classes`,
    evaluation: `accuracy ${fixed(accuracy)}, 95 % interval ${fixed(low)} to ${fixed(high)}.${ceiling}`,
    balance: `Classes hold from ${percent(rarest)} to ${percent(mostFrequent)} of the rows. Always answering the most frequent one would be right in ${percent(mostFrequent)}.`,
    caution: 'Probabilities are shares of the trees’ leaves and can be off: see the calibration.',
  };
}

function ofValues({
  r2,
  r2Interval,
  r2Ceiling,
  rmse,
  mae,
  rmseOfMean,
  values: { min, max, mean },
}: ValueReport): Words {
  const interval = r2Interval ? `, 95 % interval ${fixed(r2Interval[0])} to ${fixed(r2Interval[1])}` : '';
  const ceiling =
    r2Ceiling === null
      ? ''
      : ` The best that any regressor could reach on these data is ${fixed(r2Ceiling)}: the generator knows each value without its noise.`;
  return {
    trees: 'regression trees',
    what: 'a value',
    evaluation: `R² ${fixed(r2)}${interval}; root mean squared error ${shortly(rmse)}, mean absolute error ${shortly(mae)}.${ceiling}`,
    balance: `The values are from ${shortly(min)} to ${shortly(max)}, their mean is ${shortly(mean)}. Always answering the mean would have a root mean squared error of ${shortly(rmseOfMean)} on the test rows.`,
    caution:
      'A forest predicts means of values that it has seen: never beyond their range, and near its ends drawn to the middle.',
  };
}
