// The registry of criteria.

import { ClassCriterion } from './class-criterion.ts';
import type { Criterion } from './criterion.ts';
import { MeanCriterion } from './mean-criterion.ts';
import { MedianCriterion } from './median-criterion.ts';
import type { ResolvedParams } from './params.ts';
import type { Target } from './training-table.ts';

export function makeCriterion(name: ResolvedParams['criterion'], target: Target, weights: Float64Array): Criterion {
  if (target.labels) return new ClassCriterion(name !== 'gini', target.labels, target.numClasses, weights);
  if (name === 'absolute_error') return new MedianCriterion(target.values, weights);
  return new MeanCriterion(name === 'poisson', target.values, weights);
}
