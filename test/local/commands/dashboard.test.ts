import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { startRun, viewRun } from '../../../lib/run/run.ts';
import { localTarget } from '../../../local/backend/local-target.ts';
import { startEmulator } from '../../../local/emulator/emulator.ts';
import { until } from '../../until.ts';
import { finish, start, temporaryFolder } from '../command.ts';

const PARAMS = parseRunParams({ samples: 600, chunkSize: 200, trees: 3 });
/** Nothing listens there. */
const CLOSED = 'http://127.0.0.1:1';

/** Wait until a command has written the JSON of where its page is. */
async function pageOf({ child, done }: ReturnType<typeof start>): Promise<{ dashboard: string; runId: string | null }> {
  let text = '';
  child.stdout!.on('data', (piece: string) => (text += piece));
  const isWritten = () => text.endsWith('}\n');
  await until('the page', () => isWritten() || child.exitCode !== null);
  if (!isWritten()) throw new Error((await done).stderr);
  return JSON.parse(text);
}

/** Wait until the events that a page is made from have the report of a run. */
async function reportOf(dashboard: string): Promise<Record<string, unknown>> {
  const line = await until('the report', async () => {
    const text = await (await fetch(`${dashboard}/events.ndjson`)).text();
    return text.split('\n').find((each) => each.includes('"type":"runReport"'));
  });
  return JSON.parse(line);
}

test('a run on AWS is shown by its API alone, and a folder by its log, after the emulator is gone', async (t) => {
  const dataDir = await temporaryFolder(t);
  const emulator = await startEmulator({ dataDir, workers: 2, distDir: resolve('dist') });
  try {
    const { store, orchestrator } = localTarget(emulator);
    await startRun({ store, orchestrator }, 'one', PARAMS);
    const env = {
      ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
      ...{ AWS_ENDPOINT_URL_S3: CLOSED, AWS_ENDPOINT_URL_LAMBDA: CLOSED },
      AWS_ENDPOINT_URL_CLOUDFORMATION: emulator.cloudFormation,
    };
    const args = ['dashboard', '--on', 'aws', '--region', 'eu-west-1', '--port', '18887', '--json', '-'];
    const shown = start(t, args, env);
    const { dashboard, runId } = await pageOf(shown);
    assert.equal(runId, 'one');
    const { accuracy } = await reportOf(dashboard);
    assert.equal((await viewRun(store, 'one')).accuracy, accuracy);
    shown.child.kill('SIGINT');
    const { code, stderr } = await shown.done;
    assert.deepEqual([code, stderr], [0, '']);

    const answer = await fetch(`${emulator.api}/runs/two/report`);
    assert.deepEqual(
      [answer.status, await answer.json()],
      [404, { error: { code: 'NotFoundError', message: 'run two does not exist' } }],
    );
    await startRun({ store, orchestrator }, 'later', PARAMS);
    const early = (await (await fetch(`${emulator.api}/runs/later/report`)).json()) as { error: { message: string } };
    assert.match(early.error.message, /^run later is (queued|running) and has no report$/);

    const missing = await finish(t, ['dashboard', 'two', '--on', 'aws', '--region', 'eu-west-1'], env);
    assert.deepEqual([missing.code, missing.stderr], [2, 'error run two does not exist\n']);
  } finally {
    await emulator.close();
  }
  const again = start(t, ['dashboard', '--data-dir', dataDir, '--port', '18887', '--json', '-']);
  const { dashboard } = await pageOf(again);
  assert.equal((await reportOf(dashboard)).runId, 'one');
  again.child.kill('SIGINT');
  assert.equal((await again.done).code, 0);

  await rm(dataDir, { recursive: true });
  const none = await finish(t, ['dashboard', '--data-dir', dataDir]);
  assert.deepEqual(
    [none.code, none.stderr],
    [2, `error there are no runs in ${dataDir}; name its folder with --data-dir\n`],
  );
});
