// Product code and documents use plain English: a few words that mark prose which has to be read twice are rejected.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const FILES = ['lib', 'local', 'functions', 'cdk', '*.md', 'docs/*.yml'];
const REJECTED = /\b(?:manieth|heeded|gone on with|(?:is|are) told|shall)\b|\bis no (?!longer\b|more\b|need\b)/gi;

test('code and documents have none of the rejected words', () => {
  const found = listFiles().flatMap((file) => rejectedIn(readFileSync(file, 'utf8')).map((text) => `${file}: ${text}`));
  assert.deepEqual(found, []);
});

test('a rejected phrase is found across the lines of a comment', () => {
  assert.deepEqual(rejectedIn('/**\n * A file is\n * no table.\n */'), ['… A file is no table. …']);
  assert.deepEqual(rejectedIn('// what it\n// shall do; it is no longer there'), ['… what it shall do; it is …']);
  assert.deepEqual(rejectedIn('there is no more, is no need, marshalled'), []);
});

/** Texts of the repository, those not yet committed included. */
function listFiles(): string[] {
  const options = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...FILES];
  const files = execFileSync('git', options, { encoding: 'utf8' }).split('\n');
  const deleted = new Set(execFileSync('git', ['ls-files', '--deleted'], { encoding: 'utf8' }).split('\n'));
  return files.filter((file) => /\.(ts|js|mjs|html|css|md|yml)$/.test(file) && !deleted.has(file));
}

/** Each rejected phrase with a few words around it; markers of comments and ends of lines count as spaces. */
function rejectedIn(text: string): string[] {
  const words = text.replace(/\s*\n\s*(?:\/\/|\*\/?|#)?\s*/g, ' ').replace(/\/\*\*?\s*|\/\/ /g, ' ');
  return [...words.matchAll(REJECTED)].map(({ index, 0: phrase }) => {
    const before = words
      .slice(Math.max(0, index - 60), index)
      .trim()
      .split(/\s+/)
      .slice(-2);
    const after = words
      .slice(index + phrase.length, index + phrase.length + 60)
      .trim()
      .split(/\s+/)
      .slice(0, 3);
    return ['…', ...before, phrase.trim(), ...after, '…'].join(' ');
  });
}
