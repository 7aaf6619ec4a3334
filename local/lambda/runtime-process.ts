// The operating system's side of a sandbox.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalFunction } from './options.ts';

/** The folder that a sandbox uses instead of /tmp. */
export function temporaryFolder(home: string): string {
  return join(home, 'tmp');
}

export function spawnRuntime({
  fn,
  runtimePath,
  home,
  environment,
}: {
  fn: LocalFunction;
  runtimePath: string;
  /** Folder of this sandbox alone, made here. */
  home: string;
  environment: Record<string, string>;
}): ChildProcess {
  const TMPDIR = temporaryFolder(home);
  mkdirSync(TMPDIR, { recursive: true });
  // the heap limit only makes the garbage collector work in time; the limit proper is the resident size
  const heapMiB = Math.floor(fn.memoryMiB * 0.9);
  return spawn(process.execPath, [`--max-old-space-size=${heapMiB}`, runtimePath], {
    cwd: fn.codeDir,
    detached: true, // leads a process group, which is killed as a whole, and Ctrl-C in the terminal passes it by
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, HOME: home, TMPDIR },
  });
}

const SIGNAL_WORDS: Record<string, string> = { SIGKILL: 'killed', SIGABRT: 'aborted', SIGTERM: 'terminated' };

/** How a process ended, in Lambda's words; one that was never spawned ended as if killed. */
export function describeExit(child: ChildProcess | undefined): string {
  const { signalCode, exitCode } = child ?? { signalCode: 'SIGKILL', exitCode: null };
  if (signalCode) return `Runtime exited with error: signal: ${SIGNAL_WORDS[signalCode] ?? signalCode}`;
  return exitCode ? `Runtime exited with error: exit status ${exitCode}` : 'Runtime exited without providing a reason';
}
