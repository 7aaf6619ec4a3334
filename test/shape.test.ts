// Limits that keep code readable: lines of a function, parameters of a function, lines of a file. Kernels are exempt:
// their inner loops are long, and their parameters are positional for speed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import ts from 'typescript';

const MAX_FUNCTION_LINES = 80;
const MAX_PARAMETERS = 4; // positional; more are one object
const MAX_FILE_LINES = 350;

const KERNELS = ['lib/forest/wasm/kernel/'];
/** Functions whose signature is published. */
const PUBLISHED = ['addTreesInThreads'];

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.(ts|js|mjs)$/.test(file) && !file.startsWith('test/fixtures/'))
  .filter((file) => !KERNELS.some((kernel) => file.startsWith(kernel)))
  .filter((file) => ts.sys.fileExists(file))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

interface FunctionShape {
  at: string;
  numLines: number;
  numParameters: number;
}

const functions = files.flatMap(({ file, text }) => listFunctions(file, text));

test(`no file has more than ${MAX_FILE_LINES} lines`, () => {
  const long = files
    .map(({ file, text }) => ({ file, numLines: text.split('\n').length - 1 }))
    .filter(({ numLines }) => numLines > MAX_FILE_LINES)
    .map(({ file, numLines }) => `${file}: ${numLines} lines`);
  assert.deepEqual(long, []);
  assert.ok(files.length > 500, `only ${files.length} files were read`);
});

test(`no function has more than ${MAX_FUNCTION_LINES} lines`, () => {
  const long = functions
    .filter(({ numLines }) => numLines > MAX_FUNCTION_LINES)
    .map(({ at, numLines }) => `${at}: ${numLines} lines`);
  assert.deepEqual(long, []);
  assert.ok(functions.length > 4000, `only ${functions.length} functions were read`);
});

test(`no function has more than ${MAX_PARAMETERS} positional parameters`, () => {
  const wide = functions
    .filter(({ numParameters }) => numParameters > MAX_PARAMETERS)
    .filter(({ at }) => !PUBLISHED.some((name) => at.endsWith(` ${name}`)))
    .map(({ at, numParameters }) => `${at}: ${numParameters} parameters`);
  assert.deepEqual(wide, []);
});

function listFunctions(file: string, text: string): FunctionShape[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: FunctionShape[] = [];
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body && !isSuite(node)) {
      const start = lineAt(node.getStart(source));
      found.push({
        at: `${file}:${start} ${readName(node, source)}`,
        numLines: lineAt(node.end) - start + 1,
        numParameters: node.parameters.length,
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Whether a function only groups tests. */
function isSuite({ parent }: ts.Node): boolean {
  return ts.isCallExpression(parent) && /^(describe|suite)\b/.test(parent.expression.getText());
}

function readName(node: ts.SignatureDeclaration, source: ts.SourceFile): string {
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return named?.getText(source) ?? '(anonymous)';
}
