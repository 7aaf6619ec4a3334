// Runs the built command line as a user does, and looks at what it does.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../local/backend/emulator-users.ts';
import type { EmulatorEvent } from '../../local/dashboard/event-log.ts';
import { until } from '../until.ts';

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  done: Promise<Finished>;
}

/** Start `arvoredo` with arguments; what is still running when the test ends is killed. */
export function start(t: TestContext, args: string[], env: Record<string, string> = {}): Running {
  // one worker by default: each sandbox takes a third of a second of CPU to start. `predict` with workers uses functions
  const workers = args[0] === 'predict' ? {} : { ARVOREDO_WORKERS: '1' };
  const child = spawn(process.execPath, ['dist/arvoredo.mjs', ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...workers, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const done = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  return { child, done };
}

export function finish(t: TestContext, args: string[], env?: Record<string, string>): Promise<Finished> {
  return start(t, args, env).done;
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'arvoredo-run-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What the emulator of a folder has noted so far. */
export async function eventsOf(dataDir: string): Promise<EmulatorEvent[]> {
  const text = await readFile(join(dataDir, 'events.ndjson'), 'utf8').catch(() => '');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter(Boolean).map((line) => JSON.parse(line));
}

/** Wait until `find` finds something in the events. */
export function waitForEvent<T>(dataDir: string, find: (events: EmulatorEvent[]) => T | undefined) {
  return until('the event', async () => find(await eventsOf(dataDir)));
}

/** How often each task was done, by its description; tasks that found their result in the store wrote nothing. */
export function timesDone(events: readonly EmulatorEvent[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const event of events) {
    const json = event.type === 'log' ? /\{.*"task done".*\}/.exec(event.text)?.[0] : undefined;
    if (json === undefined) continue;
    const { message, used, ...task } = JSON.parse(json);
    if (used.s3Writes > 0) times.set(JSON.stringify(task), (times.get(JSON.stringify(task)) ?? 0) + 1);
  }
  return times;
}

/** Sandboxes of the folder's emulators that are still alive; waits a little for them to end. */
export async function leftOver(dataDir: string): Promise<number[]> {
  const pids = (await eventsOf(dataDir)).flatMap((event) => (event.type === 'sandboxStarted' ? [event.pid] : []));
  for (let waitedMs = 0; ; waitedMs += 100) {
    const alive = pids.filter(isAlive);
    if (alive.length === 0 || waitedMs > 5000) return alive;
    await sleep(100);
  }
}
