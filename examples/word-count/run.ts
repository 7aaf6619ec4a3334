// Counts the words of this repository's documents, in an emulator on 127.0.0.1: npx tsx examples/word-count/run.ts [FOLDER]

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { s3Store } from '../../lib/aws/s3-store.ts';
import { InputError } from '../../lib/base/errors.ts';
import { startLambdaService } from '../../local/lambda/service.ts';
import { startS3Server } from '../../local/s3/server.ts';
import { bundle } from './bundle.ts';
import type { WordCount } from './orchestrator.ts';

const BUCKET = 'word-count';
const ACCESS = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

/** Count the words of some texts, by name, with functions in processes. */
export async function countLocally(texts: Record<string, string>): Promise<WordCount> {
  const folder = await mkdtemp(join(tmpdir(), 'word-count-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })];
  try {
    const code = await bundle(join(folder, 'dist'));
    const s3 = await startS3Server({ dataDir: join(folder, 's3') });
    closers.push(() => s3.close());
    const environment = {
      BUCKET,
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
    const common = { handler: 'index.handler', memoryMiB: 512, timeoutMs: 60_000, environment, aliases: ['live'] };
    const lambda = await startLambdaService({
      functions: [
        { ...common, name: 'worker', codeDir: code.worker, durable: false, reservedConcurrency: 4 },
        {
          ...common,
          name: 'orchestrator',
          codeDir: code.orchestrator,
          durable: true,
          environment: { ...environment, WORKER_FUNCTION: 'worker' },
        },
      ],
      dataDir: join(folder, 'lambda'),
      maxConcurrency: 20,
    });
    closers.push(() => lambda.close());

    const s3Client = new S3Client({ ...ACCESS, endpoint: s3.url });
    await s3Client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const store = s3Store(BUCKET, { ...ACCESS, endpoint: s3.url });
    for (const [name, text] of Object.entries(texts))
      await store.create(`texts/${name}`, new TextEncoder().encode(text));

    const client = new LambdaClient({ ...ACCESS, endpoint: lambda.url });
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({
        FunctionName: 'orchestrator:live',
        Payload: JSON.stringify({ runId: 'r', prefix: 'texts/' }),
      }),
    );
    const answer = JSON.parse(Payload!.transformToString());
    if (FunctionError) throw new Error(answer.errorMessage);
    return answer;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function readTexts(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(md|txt)$/.test(name));
  if (names.length === 0) throw new InputError(`${folder} has no .md or .txt file; name a folder that has some`);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs', import.meta.url));
  try {
    const { numObjects, numWords, top, attempts } = await countLocally(await readTexts(folder));
    console.log(`${numWords} words in ${numObjects} objects, ${attempts} invocations`);
    for (const [word, count] of top) console.log(`${String(count).padStart(7)}  ${word}`);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
