// How much memory processes have used. Limits on V8's heap do not see Buffers and typed arrays, which are our data:
// 900 MB of them passed under a heap limit of 512 MB, so the resident size is polled instead.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** Peak resident bytes of each process that still runs; the current bytes where the system keeps no peak. */
export async function residentBytes(pids: number[]): Promise<Map<number, number>> {
  if (process.platform === 'linux') {
    return new Map(pids.map((pid) => [pid, peakResidentBytes(pid)] as const).filter(([, bytes]) => bytes > 0));
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,rss=', '-p', pids.join(',')]).catch((error) => error);
  const rows = String(stdout)
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return new Map(rows.filter(([, kib]) => kib > 0).map(([pid, kib]) => [pid, kib * 1024]));
}

/** Peak resident bytes of one process; 0 when it has ended, or the system reports it only through another process. */
export function peakResidentBytes(pid: number): number {
  if (process.platform !== 'linux') return 0;
  try {
    // statm is cheaper, but counts pages of a size that differs between machines and keeps no peak
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
