import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveNumThreads, runOnThread } from '../../../lib/forest/threads.ts';

test('a failing thread fails its call with the reason, and the next call gets another thread', async () => {
  const message = /^a thread failed: .*/;
  await assert.rejects(runOnThread({ kind: 'predict', memory: null }), { name: 'Error', message });
  await assert.rejects(runOnThread({ kind: 'grow', module: 7 }), { name: 'Error', message });
});

test('a Lambda function uses one thread for each vCPU that its memory size includes', () => {
  const before = process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
  try {
    process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = '128';
    assert.equal(resolveNumThreads(), 1);
    process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = '1769';
    assert.equal(resolveNumThreads(), 1);
    assert.equal(resolveNumThreads(6), 6);
  } finally {
    if (before === undefined) delete process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
    else process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = before;
  }
  assert.ok(resolveNumThreads() >= 1);
});
