// Events that start a run without a caller: a schedule, or the upload of a file.

import * as v from 'valibot';
import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { isTableName } from '../store/objects.ts';

/** The part of an event `Object Created` of S3 that says which object it is. */
const Upload = v.looseObject({
  bucket: v.looseObject({ name: v.string() }),
  object: v.looseObject({ key: v.string(), etag: v.string(), 'version-id': v.optional(v.string()) }),
});

const Params = v.record(v.string(), v.unknown());
const Trigger = v.union([
  v.strictObject({ params: Params, clientToken: v.pipe(v.string(), v.minLength(1), v.maxLength(256)) }),
  v.strictObject({ params: Params, upload: Upload }),
]);

/** A run to start. */
export interface Start {
  /** The parameters of `POST /runs`. */
  params: Record<string, unknown>;
  /** Events with the same token start one run. */
  clientToken: string;
}

/**
 * Read an event: `{params, clientToken}`, or `{params, upload}` with the `detail` of S3's event, whose object becomes the
 * data of the run. A version of an object starts one run, and so do the same bytes under the same key.
 *
 * @returns undefined for an upload that is not a table: a folder, or a name that begins with `_` or `.`
 * @throws {InputError} when the event is neither, or the object's key contains * or ?, which mark a pattern
 */
export function parseTrigger(event: unknown): Start | undefined {
  const parsed = v.safeParse(Trigger, event);
  if (!parsed.success) {
    throw new InputError(`event must be {params, clientToken} or {params, upload}, got ${quote(event)}`);
  }
  if ('clientToken' in parsed.output) return parsed.output;
  const { params, upload } = parsed.output;
  const { bucket, object } = upload;
  const { key, etag, 'version-id': version = etag } = object;
  if (!isTableName(key)) return undefined;
  if (/[*?]/.test(key)) throw new InputError(`a file's name must be without * and ?, got ${quote(key)}; rename it`);
  const uri = `s3://${bucket.name}/${key}`;
  return { params: { ...params, data: [uri] }, clientToken: `upload ${uri} ${version}` };
}
