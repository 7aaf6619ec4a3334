// Documents are checked against the code: public names, links, paths and generated tables; and the READMEs with each other.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createProgram } from '../local/commands/program.ts';
import { PAGES, withTables } from './support-tables.ts';

const MAX_README_WORDS = 900;
const FOLDERS = ['bench', 'cdk', 'docs', 'examples', 'functions', 'lib', 'local', 'test'];
const DOCUMENTS = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(path));

test('typedoc reports no warning: each type of a public name is public', () => {
  // the types were checked by `npm run check`
  const options = ['--emit', 'none', '--skipErrorChecking'];
  const { status, stdout, stderr } = spawnSync('npx', ['typedoc', ...options], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

test('links between documents lead to files and headings that exist', () => {
  const broken: string[] = [];
  let numLinks = 0;
  for (const document of DOCUMENTS) {
    for (const [, link] of read(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [path, heading] = link.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      numLinks++;
      if (!existsSync(file) || (heading !== undefined && !headings(file).includes(heading))) {
        broken.push(`${document}: ${link}`);
      }
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(numLinks > 100, `only ${numLinks} links were found`);
});

test('paths in code spans of documents name files that exist', () => {
  const missing: string[] = [];
  let numPaths = 0;
  for (const document of DOCUMENTS) {
    // the change log names files of the past
    if (document === 'CHANGELOG.md') continue;
    for (const path of paths(read(document))) {
      numPaths++;
      if (!existsSync(path)) missing.push(`${document}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
  assert.ok(numPaths > 50, `only ${numPaths} paths were found`);
});

test('README has at most 900 words', () => {
  const numWords = read('README.md').split(/\s+/).filter(Boolean).length;
  assert.ok(numWords <= MAX_README_WORDS, `README.md has ${numWords} words`);
});

test('each command of the Portuguese README is in the English one', () => {
  const english = new Set(commands(read('README.md')));
  const portuguese = commands(read('README.pt-BR.md'));
  assert.ok(portuguese.length > 5, `only ${portuguese.length} commands were found`);
  assert.deepEqual(
    portuguese.filter((command) => !english.has(command)),
    [],
  );
});

test('commands and flags in shell blocks of documents exist', () => {
  const unknown: string[] = [];
  let numCommands = 0;
  const program = createProgram();
  for (const document of DOCUMENTS) {
    for (const line of commands(read(document))) {
      const [, name, rest] = /(?:npm run arvoredo --|\barvoredo|dist\/arvoredo\.mjs) ([a-z]+)\b(.*)/.exec(line) ?? [];
      if (name === undefined) continue;
      numCommands++;
      const command = program.commands.find((one) => one.name() === name);
      const known = new Set(['--help', ...(command?.options ?? []).map(({ long }) => long)]);
      const flags = name === 'config' ? [] : (rest.match(/(?<= )--[a-z-]+/g) ?? []);
      if (!command || !flags.every((flag) => known.has(flag))) unknown.push(`${document}: ${line}`);
    }
  }
  assert.deepEqual(unknown, []);
  assert.ok(numCommands > 50, `only ${numCommands} commands were found`);
});

test('generated tables are up to date', () => {
  for (const page of PAGES) {
    const text = read(page);
    assert.equal(withTables(text), text, `${page} differs from the code: npm run tables`);
  }
});

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Anchors as GitHub makes them. */
function headings(document: string): string[] {
  return [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

/** Paths of this repository in code spans, as in `lib/index.ts` or `npx tsx bench/scale.ts`; not keys of S3 objects. */
function paths(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)]
    .flatMap(([, span]) => span.split(' '))
    .filter((word) => /^[\w./-]+$/.test(word) && !word.endsWith('.arrow') && FOLDERS.includes(word.split('/')[0]))
    .filter((word) => word.includes('/') && !word.includes('NAME'));
}

/** Lines of shell blocks, without comments; a line that ends in a backslash continues. */
function commands(text: string): string[] {
  return [...text.matchAll(/^```sh\n(.*?)^```/gms)]
    .flatMap(([, block]) => block.replace(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter(Boolean);
}
