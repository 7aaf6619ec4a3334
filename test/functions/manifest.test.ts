import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployedMiB, FUNCTIONS } from '../../functions/manifest.ts';

test('the orchestrator tells how much memory its workers have, where the stack limits it, too', () => {
  assert.equal(deployedMiB('trainLarge', {}), FUNCTIONS.trainLarge.memoryMiB);
  assert.equal(deployedMiB('trainLarge', { MAX_MEMORY_MIB: '3008' }), 3008);
  assert.equal(deployedMiB('split', { MAX_MEMORY_MIB: '3008' }), FUNCTIONS.split.memoryMiB);
});
