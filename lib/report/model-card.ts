// The model card of the report page: the model, its data, its scores and its limits in words.
// Source: Mitchell et al., "Model cards for model reporting", doi:10.1145/3287560.3287596, for the headings.

import type { ClassReport } from './class-report.ts';
import { describeSplit } from './describe-split.ts';
import { count, fixed, percent, shortly } from './html.ts';
import type { ValueReport } from './regression-report.ts';
import type { Report } from './report.ts';
import { isRegressionReport } from './report.ts';

/** Write the card as headings and plain text. */
export function modelCard(report: Report): [heading: string, text: string][] {
  const { model, params, rows, oobScore } = report;
  const { trees, what, evaluation, balance, caution } = isRegressionReport(report)
    ? describeRegression(report)
    : describeClassification(report);
  const oob = oobScore === null ? '' : ` The out-of-bag score on training rows is ${fixed(oobScore)}.`;
  const source =
    params.data === undefined
      ? `The generator ${params.generator} made the data: the model shows how the method and the machine perform, and nothing about the real world.`
      : 'Check that the rows to predict are like the training data: the model cannot detect it.';
  return [
    [
      'Model',
      `A random forest of ${count(model.numTrees)} ${trees} with ${count(model.numNodes)} nodes, for ${what} and ${count(params.features)} features. Made by arvoredo. The SHA-256 of its file is above; the same parameters give the same file.`,
    ],
    [
      'Intended use',
      `Predicting ${isRegressionReport(report) ? 'the value' : 'the class'} of rows that come from the same source as the training data. ${source}`,
    ],
    [
      'Training data',
      `${count(rows.train)} of ${count(rows.total)} rows, ${describeSplit(params).train}. The values of each feature were put into at most ${params.maxBins} bins.`,
    ],
    ['Evaluation', `On ${count(rows.test)} rows that no tree saw: ${evaluation}${oob}`],
    [isRegressionReport(report) ? 'Values' : 'Balance', balance],
    [
      'Limits',
      `The interval applies to rows of the same source; predictions for rows of another source can be worse without any sign of it. ${caution} Importances show which features the forest uses, not causes; features with the same information share their importance.`,
    ],
    [
      'Not measured',
      'Fairness between groups, robustness against adversarial input, drift over time. Measure them before you use the model for decisions about people.',
    ],
  ];
}

interface Texts {
  trees: string;
  what: string;
  evaluation: string;
  balance: string;
  caution: string;
}

function describeClassification({
  classCounts,
  accuracy,
  accuracyInterval: [low, high],
  accuracyCeiling,
}: ClassReport): Texts {
  const total = classCounts.reduce((sum, rows) => sum + rows, 0);
  const [rarest, mostFrequent] = [Math.min(...classCounts), Math.max(...classCounts)].map((rows) => rows / total);
  const ceiling =
    accuracyCeiling === null
      ? ''
      : ` The best accuracy any classifier can reach on this data is ${fixed(accuracyCeiling)}: the generator knows the probability of each label.`;
  return {
    trees: 'classification trees',
    what: `${classCounts.length} classes`,
    evaluation: `accuracy ${fixed(accuracy)}, 95 % interval ${fixed(low)} to ${fixed(high)}.${ceiling}`,
    balance: `Classes have from ${percent(rarest)} to ${percent(mostFrequent)} of the rows. The baseline that always predicts the most frequent class is right in ${percent(mostFrequent)} of the rows.`,
    caution:
      'Probabilities are class shares in the leaves, averaged over the trees, and can be off: see the calibration.',
  };
}

function describeRegression({
  r2,
  r2Interval,
  r2Ceiling,
  rmse,
  mae,
  rmseOfMean,
  values: { min, max, mean },
}: ValueReport): Texts {
  const interval = r2Interval ? `, 95 % interval ${fixed(r2Interval[0])} to ${fixed(r2Interval[1])}` : '';
  const ceiling =
    r2Ceiling === null
      ? ''
      : ` The best R² any regressor can reach on this data is ${fixed(r2Ceiling)}: the generator knows each value without its noise.`;
  return {
    trees: 'regression trees',
    what: 'a value',
    evaluation: `R² ${fixed(r2)}${interval}; root mean squared error ${shortly(rmse)}, mean absolute error ${shortly(mae)}.${ceiling}`,
    balance: `The values range from ${shortly(min)} to ${shortly(max)} with a mean of ${shortly(mean)}. The baseline that always predicts the mean has a root mean squared error of ${shortly(rmseOfMean)} on the test rows.`,
    caution:
      'A forest predicts means of training values: never beyond their range, and near its ends biased towards the middle.',
  };
}
