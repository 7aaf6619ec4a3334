import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TASK_METRICS, taskMetrics } from '../../../functions/shared/task-metrics.ts';

function linesOf(of: string | undefined, note: (noteTask: ReturnType<typeof taskMetrics>) => void) {
  const lines: string[] = [];
  note(taskMetrics(of, (line) => lines.push(line)));
  return lines;
}

test('each task is a line of its own, with all that CloudWatch is told to look for in it', () => {
  const [done, failed] = linesOf('Grove/train', (noteTask) => {
    noteTask({ busyMs: 1200, gbSeconds: 2.4 });
    noteTask();
  }).map((line) => JSON.parse(line));
  const { _aws, ...values } = done;
  assert.deepEqual(
    { ...values },
    { stack: 'Grove', stage: 'train', tasks: 1, failures: 0, busyMs: 1200, gbSeconds: 2.4 },
  );
  assert.ok(Math.abs(_aws.Timestamp - Date.now()) < 60_000);
  const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
  assert.deepEqual([Namespace, Dimensions], ['arvoredo', [['stack', 'stage']]]);
  for (const { Name, Unit } of Metrics) {
    assert.equal(typeof values[Name], 'number', Name);
    assert.equal(Unit, TASK_METRICS[Name as keyof typeof TASK_METRICS]);
  }
  for (const name of Dimensions[0]) assert.equal(typeof values[name], 'string', name);
  assert.deepEqual([failed.tasks, failed.failures, failed.gbSeconds], [1, 1, 0]);
});

test('nothing is written where no metrics are asked for', () => {
  assert.deepEqual(
    linesOf(undefined, (noteTask) => noteTask()),
    [],
  );
});
