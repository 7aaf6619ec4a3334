// The description in a model: classes, categorical features, options of the estimator, range of each feature, schema.

import { FormatError } from '../base/errors.ts';
import type { ClassLabel, Model, ModelSchema, ValueRange } from './model.ts';

type About = Pick<Model, 'classLabels' | 'isCategorical' | 'options' | 'ranges' | 'schema'>;

/** Encode the description as a JSON object in UTF-8, without the parts that do not apply. */
export function writeAbout(about: {
  classLabels: readonly ClassLabel[];
  isCategorical?: readonly boolean[];
  options?: Record<string, unknown>;
  ranges?: readonly ValueRange[];
  schema?: ModelSchema;
}): Uint8Array {
  const { classLabels, isCategorical, options, ranges, schema } = about;
  const categorical = isCategorical?.flatMap((is, feature) => (is ? [feature] : []));
  return new TextEncoder().encode(
    JSON.stringify({
      classLabels,
      ...(categorical?.length && { categorical }),
      ...(options && { options }),
      ...(ranges && { ranges }),
      ...(schema && { schema }),
    }),
  );
}

/** @throws {FormatError} on anything that `writeAbout` does not write */
export function readAbout(bytes: Uint8Array, numFeatures: number, numClasses: number): About {
  let about: unknown;
  try {
    about = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FormatError('model: damaged, description', { cause });
  }
  if (!isObject(about)) throw new FormatError('model: damaged, description');
  const { classLabels, categorical = [], options = null, ranges = null, schema = null } = about;
  if (!isLabels(classLabels, numClasses)) throw new FormatError('model: damaged, class labels');
  const isFeature = (feature: unknown) =>
    Number.isInteger(feature) && (feature as number) >= 0 && (feature as number) < numFeatures;
  if (!Array.isArray(categorical) || !categorical.every(isFeature)) {
    throw new FormatError('model: damaged, categorical features');
  }
  if (options !== null && !isObject(options)) throw new FormatError('model: damaged, options');
  if (ranges !== null && !isRanges(ranges, numFeatures)) throw new FormatError('model: damaged, ranges');
  if (schema !== null && !isSchema(schema, numFeatures)) throw new FormatError('model: damaged, schema');
  const isCategorical = new Array<boolean>(numFeatures).fill(false);
  for (const feature of categorical) isCategorical[feature] = true;
  return { classLabels, isCategorical, options, ranges, schema };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLabels(labels: unknown, numClasses: number): labels is ClassLabel[] {
  const isLabel = (label: unknown) => ['string', 'number', 'boolean'].includes(typeof label);
  return Array.isArray(labels) && labels.length === numClasses && labels.every(isLabel);
}

function isRanges(ranges: unknown, numFeatures: number): ranges is ValueRange[] {
  const isRange = (range: unknown) =>
    range === null ||
    (Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] <= range[1]);
  return Array.isArray(ranges) && ranges.length === numFeatures && ranges.every(isRange);
}

const FEATURE_TYPES = ['numeric', 'categorical', 'boolean', 'date'];

function isSchema(schema: unknown, numFeatures: number): schema is ModelSchema {
  if (!isObject(schema) || typeof schema.label !== 'string' || !Array.isArray(schema.features)) return false;
  const isFeature = (feature: unknown) =>
    isObject(feature) &&
    typeof feature.name === 'string' &&
    FEATURE_TYPES.includes(feature.type as string) &&
    (feature.type === 'categorical') === isLabels(feature.categories, (feature.categories as unknown[])?.length);
  return schema.features.length === numFeatures && schema.features.every(isFeature);
}
