// A Lambda function for tests that does what its event says: `{action, …}`. Each invocation appends its `id` as a line to
// the file RAN.

import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout } from 'node:timers/promises';

let numInvokes = 0;
const actions = {
  echo: (event) => event,
  inspect: (_, context) => ({
    pid: process.pid,
    numInvokes,
    env: process.env,
    cwd: process.cwd(),
    execArgv: process.execArgv,
    context,
    remainingMs: context.getRemainingTimeInMillis(),
  }),
  sleep: ({ ms }) => setTimeout(ms, 'slept'),
  once: async ({ path }) => {
    if (existsSync(path)) return 'second';
    writeFileSync(path, '');
    while (!existsSync(`${path}.open`)) await setTimeout(10);
    return 'first';
  },
  open: ({ path }) => {
    writeFileSync(path, '');
    return 'opened';
  },
  gate: async ({ path }) => {
    while (!existsSync(path)) await setTimeout(10);
    return 'passed';
  },
  spin: () => {
    for (;;);
  },
  hog: async ({ mib }) => {
    const kept = [];
    for (let i = 0; i < mib; i += 32) {
      kept.push(Buffer.alloc(32 << 20, 1));
      await setTimeout(15);
    }
    return kept.length;
  },
  fill: async ({ mib, ms = 0 }) => {
    const path = `${tmpdir()}/f`;
    writeFileSync(path, '');
    truncateSync(path, mib << 20);
    await setTimeout(ms);
    return tmpdir();
  },
  files: () => readdirSync(tmpdir()),
  exit: ({ code }) => process.exit(code),
  leave: ({ path, ms }) => {
    writeFileSync(path, String(spawn('sleep', ['600'], { stdio: 'ignore' }).pid));
    if (!ms) process.exit(0);
    for (;;);
  },
  kill: () => process.kill(process.pid, 'SIGKILL'),
  fail: ({ message }) => {
    throw new TypeError(message);
  },
  reject: async () => {
    Promise.reject(new Error('nobody waits'));
    await setTimeout(1000);
  },
  big: ({ bytes }) => 'x'.repeat(bytes),
  print: ({ text }) => {
    console.log(text);
    console.error('and an error');
  },
};
export const handler = async (event, context) => {
  numInvokes++;
  if (process.env.RAN && event.id !== undefined) appendFileSync(process.env.RAN, `${event.id}\n`);
  return actions[event.action](event, context);
};
