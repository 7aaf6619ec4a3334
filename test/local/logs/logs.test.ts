import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBody, send, serve } from '../../../local/http/serve.ts';
import { awsLogs } from '../../../local/logs/aws-logs.ts';
import { type LogLine, parseLine, readTaskId } from '../../../local/logs/line.ts';
import { localLogs } from '../../../local/logs/local-logs.ts';
import { temporaryFolder } from '../command.ts';

const USED = { gbSeconds: 0.5, s3Reads: 2, s3Writes: 1 };
const DONE = JSON.stringify({ message: 'task done', kind: 'grow', runId: 'r', treeStart: 0, treeEnd: 50, used: USED });

async function gather(looks: AsyncIterable<LogLine[]>): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const look of looks) lines.push(...look);
  return lines;
}

test('a line is read alike from the text of the emulator and from the JSON of Lambda', () => {
  const expected = {
    ...{ level: 'INFO', requestId: 'q', taskId: 'train-0-50' },
    message: 'task done, 0.50 GB-s, 2 reads, 1 writes',
  };
  assert.deepEqual(parseLine(`2026-11-24T18:40:57.536Z\tq\tINFO\t${DONE}\n`, 'trainLarge'), expected);
  const timestamp = '2026-11-24T18:40:57.536Z';
  for (const message of [DONE, JSON.parse(DONE)]) {
    const line = JSON.stringify({ timestamp, level: 'INFO', requestId: 'q', message });
    assert.deepEqual(parseLine(line, 'train'), expected);
  }
  const failed = JSON.stringify({ message: 'task failed', runId: 'r', partitionIndex: 3, error: 'InputError: no' });
  const { taskId, message } = parseLine(failed, 'evaluate');
  assert.deepEqual([taskId, message], ['evaluate-3', 'task failed: InputError: no']);
});

test('what is not ours is told as it stands', () => {
  const plain = { level: null, requestId: null, taskId: null };
  assert.deepEqual(parseLine('hello {\n', 'split'), { ...plain, message: 'hello {' });
  assert.deepEqual(parseLine('{"a":1', 'split'), { ...plain, message: '{"a":1' });
  assert.deepEqual(parseLine('{"message":"x"}', 'split'), { ...plain, message: 'x' });
  const record = { requestId: 'q', status: 'timeout', errorType: 'Sandbox.Timedout' };
  assert.deepEqual(parseLine(JSON.stringify({ type: 'platform.report', record }), 'split'), {
    ...{ level: 'ERROR', requestId: 'q', taskId: null },
    message: 'platform.report timeout Sandbox.Timedout',
  });
});

test('tasks have the ids that the pipeline gives them', () => {
  const cases: [Record<string, unknown>, string, string][] = [
    [{ chunkIndex: 3 }, 'generateLarge', 'generate-3'],
    [{ kind: 'bins' }, 'split', 'bins'],
    [{ kind: 'split', partitionIndex: 0 }, 'split', 'split-0'],
    [{ kind: 'grow', treeStart: 0, treeEnd: 5 }, 'train', 'train-0-5'],
    [{ kind: 'fold', fold: 2 }, 'train', 'fold-2'],
    [{ kind: 'scan', scanIndex: 1 }, 'generate', 'scan-1'],
    [{ partitionIndex: 1 }, 'evaluate', 'evaluate-1'],
  ];
  for (const [task, functionName, id] of cases) assert.equal(readTaskId(task, functionName), id);
});

const event = (type: string, sandboxId: string, rest: object) =>
  `${JSON.stringify({ type, ...rest, sandboxId, functionName: 'arvoredo-train', requestId: 'q', pid: 1, atMs: 5 })}\n`;
const started = (sandboxId: string, runId: string) =>
  event('invokeStarted', sandboxId, { input: JSON.stringify({ kind: 'merge', runId }) });

test('locally the lines of a run are those of its invocations, and one for each that was killed', async (t) => {
  const dataDir = await temporaryFolder(t);
  const error = { type: 'Sandbox.Timedout', message: 'RequestId: 1-2 Error: Task timed out after 1.00 seconds' };
  const events = [
    started('a', 'r') + event('log', 'a', { text: 'noise' }) + event('invokeFinished', 'a', { error }),
    started('b', 'other') + event('log', 'b', { text: 'of another run' }) + event('invokeFinished', 'b', { error }),
    event('log', 'c', { text: 'the orchestrator names r' }),
    '{"type":"log","text":"torn',
  ];
  await writeFile(join(dataDir, 'events.ndjson'), events.join(''));
  const lines = await gather(localLogs({ dataDir, runId: 'r', follow: false }));
  assert.deepEqual(
    lines.map(({ taskId, level, message }) => [taskId, level, message]),
    [
      ['merge', null, 'noise'],
      ['merge', 'ERROR', 'Sandbox.Timedout: Task timed out after 1.00 seconds'],
      [null, null, 'the orchestrator names r'],
    ],
  );
  assert.deepEqual(await gather(localLogs({ dataDir: join(dataDir, 'nowhere'), runId: 'r', follow: false })), []);
});

test('lines that come are followed until the run has ended', { timeout: 30_000 }, async (t) => {
  const dataDir = await temporaryFolder(t);
  const file = join(dataDir, 'events.ndjson');
  await writeFile(file, started('a', 'r') + event('log', 'a', { text: 'first' }));
  const seen: string[] = [];
  for await (const look of localLogs({ dataDir, runId: 'r', follow: true })) {
    seen.push(...look.map(({ message }) => message));
    if (seen.length === 1) {
      await appendFile(
        file,
        event('log', 'a', { text: 'second' }) + event('executionFinished', 'o', { executionName: 'r__2' }),
      );
    }
  }
  assert.deepEqual(seen, ['first', 'second']);
});

test('on AWS the log group of each function is asked for lines with the run, page by page, each told once', async (t) => {
  const asked: Record<string, unknown>[] = [];
  const at = (timestamp: number, eventId: string, message: string) => ({ timestamp, eventId, message });
  const pages: Record<string, object> = {
    'group-of-split': { events: [at(30, 'c', 'third of 2026-1')], nextToken: 'more' },
    'group-of-split more': { events: [at(10, 'a', 'first of 2026-1')] },
    '/aws/lambda/o': { events: [at(20, 'b', 'second of 2026-1'), at(20, 'd', 'of 2026-11')] },
  };
  const server = await serve(0, async (request, response) => {
    const body = (await readBody(request, 10_000))!.toString();
    const json = (status: number, value: object) =>
      send(response, status, JSON.stringify(value), { 'content-type': 'application/x-amz-json-1.1' });
    if (request.method === 'GET') {
      const name = request.url!.split('/')[3];
      return json(200, name === 'o' ? {} : { LoggingConfig: { LogGroup: `group-of-${name}` } });
    }
    assert.equal(request.headers['x-amz-target'], 'Logs_20140328.FilterLogEvents');
    const input = JSON.parse(body);
    asked.push(input);
    const page = pages[[input.logGroupName, input.nextToken].filter(Boolean).join(' ')];
    return page ? json(200, page) : json(400, { __type: 'ResourceNotFoundException' });
  });
  const env = {
    ...{ AWS_ENDPOINT_URL_LAMBDA: server.url, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: server.url, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  };
  const before = { ...process.env };
  Object.assign(process.env, env);
  t.after(() => {
    process.env = before;
    return server.close();
  });

  const options = { runId: '2026-1', functions: { split: 'split', train: 'train', orchestrator: 'o' }, sinceMs: 5 };
  const lines = await gather(awsLogs(options));
  assert.deepEqual(
    lines.map(({ atMs, function: name, message }) => [atMs, name, message]),
    [
      [10, 'split', 'first of 2026-1'],
      [20, 'orchestrator', 'second of 2026-1'],
      [30, 'split', 'third of 2026-1'],
    ],
  );
  assert.deepEqual(asked[0], { logGroupName: 'group-of-split', filterPattern: '"2026-1"', startTime: 5 });
  assert.deepEqual(
    asked.map(({ logGroupName, nextToken }) => [logGroupName, nextToken]),
    [
      ['group-of-split', undefined],
      ['group-of-split', 'more'],
      ['group-of-train', undefined],
      ['/aws/lambda/o', undefined],
    ],
  );

  let looks = 0;
  const followed = await gather(awsLogs({ ...options, isAtWork: async () => ++looks < 3 }, 1));
  assert.deepEqual([followed.length, looks], [3, 3]);
});
