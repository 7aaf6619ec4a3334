// Ends all sandboxes, whatever happens to this process.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Reads lines that each list all sandboxes and, once its input ends because the emulator is gone, kills the last list.
 * Idle sandboxes would end by themselves, but frozen and spinning ones never notice. (dash knows no `kill --`.)
 */
const WATCHDOG = 'while read -r line; do list=$line; done; for pid in $list; do kill -9 -$pid; done';

interface ProcessRecord {
  pid: number;
  /** Distinguishes a process from a later one with the same id. */
  startedAt: string;
}

interface ProcessFile {
  emulator: ProcessRecord;
  sandboxes: ProcessRecord[];
}

/** The sandboxes of one emulator, each the leader of its own process group. */
export class ProcessList {
  readonly #path: string;
  readonly #watchdog: ChildProcess;
  readonly #emulator: ProcessRecord = { pid: process.pid, startedAt: processStart(process.pid) };
  readonly #sandboxes = new Map<number, ProcessRecord>();

  /**
   * Take over a folder.
   *
   * @throws {Error} when an emulator that still runs uses it
   */
  constructor(dataDir: string) {
    mkdirSync(dataDir, { recursive: true });
    this.#path = join(dataDir, 'processes.json');
    const former = readProcessFile(this.#path);
    if (former && isSame(former.emulator)) {
      throw new Error(
        `${dataDir} is in use by the emulator with process id ${former.emulator.pid}; stop it, or choose another folder`,
      );
    }
    for (const sandbox of former?.sandboxes ?? []) if (isSame(sandbox)) killGroup(sandbox.pid);
    this.#watchdog = spawn('sh', ['-c', WATCHDOG], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#watchdog.unref();
    this.#watchdog.on('error', () => {}); // no sh on Windows
    this.#watchdog.stdin!.on('error', () => {}); // someone killed it: the file is still there
    this.#save();
  }

  add(pid: number): void {
    this.#sandboxes.set(pid, { pid, startedAt: processStart(pid) });
    this.#save();
  }

  remove(pid: number): void {
    this.#sandboxes.delete(pid);
    this.#save();
  }

  close(): void {
    this.#watchdog.stdin!.end();
    rmSync(this.#path, { force: true });
  }

  #save(): void {
    this.#watchdog.stdin!.write(`${[...this.#sandboxes.keys()].join(' ')}\n`);
    const file: ProcessFile = { emulator: this.#emulator, sandboxes: [...this.#sandboxes.values()] };
    writeFileSync(this.#path, JSON.stringify(file));
  }
}

/** Kill a process and whatever it started. */
export function killGroup(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // already gone
  }
}

function readProcessFile(path: string): ProcessFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // missing, or half written by an emulator that was killed; its watchdog has cleaned up
  }
}

function isSame(record: ProcessRecord): boolean {
  const startedAt = processStart(record.pid);
  return startedAt !== '' && startedAt === record.startedAt;
}

/** Start time of a process, for comparison only; '' when the process does not exist. */
export function processStart(pid: number): string {
  try {
    if (process.platform !== 'linux') return String(execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)])).trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // the name, in parentheses, may hold anything; after it come state (field 3) up to starttime (field 22)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : fields[19]; // a zombie has ended, only its parent has not noticed
  } catch {
    return '';
  }
}
