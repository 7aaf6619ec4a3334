// Which columns of a table hold a model's features.

import { InputError } from '../base/errors.ts';
import { nearestName } from '../base/nearest.ts';
import type { Model } from '../forest/model.ts';
import { featureNames } from '../forest/model.ts';

const MANY_NAMES = 5;

/**
 * Positions of the features among the columns: by name; by position where the file, or the model, has no names and there are
 * as many columns as features. Other columns are passed over.
 *
 * @param file what messages call the table
 * @throws {InputError} naming columns that are not there, and the nearest that are
 */
export function matchColumns(
  model: Pick<Model, 'numFeatures' | 'schema'>,
  columns: readonly string[],
  file: string,
): number[] {
  const names = featureNames(model);
  const placeOf = new Map(columns.map((name, i) => [name, i]));
  const positions = names.map((name) => placeOf.get(name) ?? -1);
  if (!positions.includes(-1)) return positions;
  const isNameless = columns.every((name, i) => name === String(i));
  const isByPlace = isNameless || (model.schema === null && positions.every((at) => at < 0));
  if (isByPlace && columns.length === names.length) return names.map((_, i) => i);
  const missing = names.filter((_, i) => positions[i] < 0);
  const free = columns.filter((name) => !names.includes(name));
  const said = missing.slice(0, MANY_NAMES).map((name) => {
    const nearest = nearestName(name, free);
    return nearest === undefined ? JSON.stringify(name) : `${JSON.stringify(name)} (is it ${JSON.stringify(nearest)}?)`;
  });
  const more = missing.length > MANY_NAMES ? `, and ${missing.length - MANY_NAMES} more` : '';
  throw new InputError(
    `${file} has no column ${said.join(', ')}${more}, which the model was trained on; ` +
      `it must have ${listSome(names)}${model.schema ? '' : `, or ${names.length} columns in their order`}, got ${listSome(columns)}`,
  );
}

function listSome(names: readonly string[]): string {
  const some = names.slice(0, MANY_NAMES).join(', ');
  return names.length > MANY_NAMES ? `${some} and ${names.length - MANY_NAMES} more` : some;
}
