// Who may import whom: rooms stand on floors, and an import goes to a lower floor. Type imports and dynamic imports
// count too. Circles of files inside a room are an error of Biome's noImportCycles.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';

/** Rooms of `lib`, a line for each floor, from the ground up. A file at a root is a room of its own. */
const LIB = [
  ['base'],
  ['store', 'metrics', 'partition', 'fanout'],
  ['aws', 'datasets', 'forest', 'network'], // `network` is reserved
  ['tables'],
  ['plan', 'export'],
  ['ingest'],
  ['stages', 'predict'],
  ['report'],
  ['run'],
  ['client'],
  ['index.ts'],
];
const LOCAL = [
  ['http', 'iam', 'completions'],
  ['s3', 'lambda'],
  ['template', 'chaos'],
  ['dashboard', 'config'],
  ['emulator', 'output'],
  ['backend', 'logs'],
  ['commands', 'index.ts'],
  ['arvoredo.ts'],
];
const TREES = ['lib', 'functions', 'cdk', 'local']; // each may import itself and those that ALLOWED names
const ALLOWED: Record<string, string[]> = {
  lib: [],
  functions: ['lib'],
  cdk: ['lib', 'functions'],
  local: ['lib', 'functions'],
};

/** Rooms of the emulator's services, which stand in for AWS: all that they know of `lib` is this. */
const SERVICES = ['http', 'iam', 's3', 'lambda', 'template'].map((room) => `local/${room}`);
const KNOWN_TO_SERVICES = ['lib/base/', 'lib/aws/s3-send.ts'];

/** Packages, by the start of their names, and who alone may import them in `lib`. */
const PACKAGES: [string, string][] = [
  ['@aws-sdk/', 'lib/aws/'],
  ['@smithy/', 'lib/aws/'],
  ['@aws/durable-execution-sdk-js', 'lib/fanout/durable-engine.ts'],
];
/** Rooms of `lib` that reach AWS only through interfaces. */
const AWAY_FROM_AWS = ['plan', 'stages', 'report', 'run'].map((room) => `lib/${room}`);

interface Import {
  from: string;
  to: string;
}

const imports = TREES.flatMap((tree) => filesBelow(tree).flatMap(importsOf));
const inside = imports.filter(({ to }) => TREES.some((tree) => to.startsWith(`${tree}/`)));

test('imports between lib, functions, cdk and local go the way that the table says', () => {
  const broken = inside.filter(({ from, to }) => {
    const [tree, other] = [top(from), top(to)];
    return tree !== other && !ALLOWED[tree]!.includes(other);
  });
  assert.deepEqual(written(broken), []);
  assert.ok(inside.length > 1500, `only ${inside.length} imports were found`);
});

for (const [tree, floors] of [
  ['lib', LIB],
  ['local', LOCAL],
] as const) {
  const floorOf = new Map(floors.flatMap((rooms, floor) => rooms.map((room) => [room, floor] as const)));

  test(`${tree}: each file stands in a room of the table, and imports lower floors only`, () => {
    const unknown = filesBelow(tree).filter((file) => !floorOf.has(room(file)));
    assert.deepEqual(unknown, [], 'give the room a floor in this test');
    const broken = inside.filter(
      ({ from, to }) =>
        top(from) === tree &&
        top(to) === tree &&
        room(from) !== room(to) &&
        floorOf.get(room(from))! <= (floorOf.get(room(to)) ?? Number.POSITIVE_INFINITY),
    );
    assert.deepEqual(written(broken), []);
  });
}

test("the emulator's services know nothing of lib but its base and what a directory bucket is", () => {
  const broken = inside.filter(
    ({ from, to }) =>
      SERVICES.some((service) => from.startsWith(`${service}/`)) &&
      top(to) === 'lib' &&
      !KNOWN_TO_SERVICES.some((start) => to.startsWith(start)),
  );
  assert.deepEqual(written(broken), []);
});

test('plan, stages, report and run reach AWS through interfaces only', () => {
  const broken = inside.filter(
    ({ from, to }) => AWAY_FROM_AWS.some((start) => from.startsWith(`${start}/`)) && to.startsWith('lib/aws/'),
  );
  assert.deepEqual(written(broken), []);
});

test('lib speaks to AWS in lib/aws alone, and to durable executions in one file', () => {
  const broken = imports.filter(
    ({ from, to }) =>
      top(from) === 'lib' && PACKAGES.some(([name, owner]) => to.startsWith(name) && !from.startsWith(owner)),
  );
  assert.deepEqual(written(broken), []);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => /\.(ts|js|mjs)$/.test(file) && !/\.d\.ts$|cdk\.out|\/generated[^/]*$/.test(file));
}

/** What a file imports: paths from the root of the repository, or names of packages. */
function importsOf(from: string): Import[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(from, 'utf8'), true, true);
  return importedFiles.map(({ fileName }) => ({
    from,
    to: fileName.startsWith('.') ? normalize(join(dirname(from), fileName)) : fileName,
  }));
}

function top(file: string): string {
  return file.slice(0, file.indexOf('/'));
}

/** The folder below the root, or the file at the root. */
function room(file: string): string {
  return file.split('/')[1]!;
}

function written(broken: Import[]): string[] {
  return broken.map(({ from, to }) => `${from} -> ${to}`);
}
