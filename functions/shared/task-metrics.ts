// Metrics of a task, as a line of the log that CloudWatch reads them from (its embedded metric format).

/** What a task used: nothing is known of one that failed. */
export interface TaskFigures {
  busyMs: number;
  gbSeconds: number;
}

/** Namespace of the metrics; their dimensions are the stack and the stage. */
export const METRICS_NAMESPACE = 'arvoredo';

/** By name, with the units that CloudWatch knows. */
export const TASK_METRICS = { tasks: 'Count', failures: 'Count', busyMs: 'Milliseconds', gbSeconds: 'None' } as const;

/**
 * @param of `stack/stage`, as the stack sets it where its metrics are asked for; undefined: nothing is written
 * @param write takes a line as it is: what goes through `console` Lambda wraps, and CloudWatch finds no metric in it
 */
export function taskMetrics(
  of: string | undefined,
  write: (line: string) => void = (line) => process.stdout.write(line),
): (figures?: TaskFigures) => void {
  if (of === undefined) return () => {};
  const [stack, stage] = of.split('/');
  const Metrics = Object.entries(TASK_METRICS).map(([Name, Unit]) => ({ Name, Unit }));
  const CloudWatchMetrics = [{ Namespace: METRICS_NAMESPACE, Dimensions: [['stack', 'stage']], Metrics }];
  return (figures) => {
    const _aws = { Timestamp: Date.now(), CloudWatchMetrics };
    const counts = { tasks: 1, failures: figures ? 0 : 1 };
    write(`${JSON.stringify({ _aws, stack, stage, ...counts, ...(figures ?? { busyMs: 0, gbSeconds: 0 }) })}\n`);
  };
}
