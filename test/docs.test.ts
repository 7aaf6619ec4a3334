// What is written about the code, beside the code: the reference of public names, and the links between the documents.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

test('typedoc finds nothing amiss: each type of a public name is public', () => {
  // the types were checked by `npm run check`
  const options = ['--emit', 'none', '--skipErrorChecking'];
  const { status, stdout, stderr } = spawnSync('npx', ['typedoc', ...options], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

test('links between documents lead to files and headings that are there', () => {
  const documents = [
    ...readdirSync('.').filter((name) => name.endsWith('.md')),
    ...readdirSync('docs').map((name) => join('docs', name)),
    ...['lib/forest/format.md', 'lib/partition/format.md'],
  ].filter((name) => name.endsWith('.md'));
  const broken: string[] = [];
  let numLinks = 0;
  for (const document of documents) {
    for (const [, link] of readFileSync(document, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [path, heading] = link.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      numLinks++;
      if (!existsSync(file) || (heading !== undefined && !headingsOf(file).includes(heading))) {
        broken.push(`${document}: ${link}`);
      }
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(numLinks > 100, `only ${numLinks} links were found`);
});

/** Anchors as GitHub makes them. */
function headingsOf(document: string): string[] {
  return [...readFileSync(document, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}
