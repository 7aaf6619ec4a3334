// The lines that the Lambda service writes into a function's log.

export interface InvocationReport {
  /** Only of a cold start. */
  initMs?: number;
  durationMs: number;
  billedMs: number;
  maxMemoryMiB: number;
}

export function startLine(requestId: string, version: string): string {
  return `START RequestId: ${requestId} Version: ${version}\n`;
}

export function endLines(requestId: string, memoryMiB: number, report: InvocationReport): string {
  const { initMs, durationMs, billedMs, maxMemoryMiB } = report;
  const fields = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${billedMs} ms`,
    `Memory Size: ${memoryMiB} MB`,
    `Max Memory Used: ${maxMemoryMiB} MB`,
    ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
  ];
  return `END RequestId: ${requestId}\n${fields.join('\t')}\t\n`;
}
