// Lambda: predict rows of JSON with the model of a run.

import { s3Reader } from '../lib/aws/s3-reader.ts';
import { NotFoundError } from '../lib/base/errors.ts';
import { answerRows } from '../lib/predict/answer.ts';
import { modelCache } from '../lib/predict/model-cache.ts';
import { answer, httpHandler, parseBody } from './shared/http.ts';
import { requireEnv } from './shared/require-env.ts';

/** Of model files that a warm sandbox keeps; in memory a model takes about twice its file. */
const MAX_MODEL_BYTES = 256 * 1024 * 1024;

const findModel = modelCache(s3Reader(requireEnv('BUCKET')), MAX_MODEL_BYTES);

export const handler = httpHandler(async (event) => {
  if (event.routeKey !== 'POST /models/{id}/predict') throw new NotFoundError(`no route matches ${event.routeKey}`);
  const body = parseBody(event);
  const model = await findModel(event.pathParameters?.id ?? '');
  return answer(200, answerRows(model, body));
});
