import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionOfRoute, matchRoute, ROUTES } from '../../functions/routes.ts';

const MATCHES: [method: string, path: string, expected: [string, Record<string, string>] | undefined][] = [
  ['POST', '/runs', ['POST /runs', {}]],
  ['GET', '/runs', ['GET /runs', {}]],
  ['GET', '/runs/r1', ['GET /runs/{id}', { id: 'r1' }]],
  ['DELETE', '/runs/a%2Fb', ['DELETE /runs/{id}', { id: 'a/b' }]],
  ['POST', '/models/r1/predict', ['POST /models/{id}/predict', { id: 'r1' }]],
  ['GET', '/models/r1/predict', undefined],
  ['GET', '/runs/', undefined],
  ['GET', '/', undefined],
  ['GET', '/runs/r1/more', undefined],
  ['PUT', '/runs', undefined],
  ['GET', '/Runs', undefined],
];
for (const [method, path, expected] of MATCHES) {
  test(`${method} ${path} is ${expected ? `for ${expected[0]}` : 'for no route'}`, () => {
    const matched = matchRoute(ROUTES, method, path);
    assert.deepEqual(matched && [matched.routeKey, matched.pathParameters], expected);
  });
}

test('models predict by a function of their own', () => {
  const own = ROUTES.filter((route) => functionOfRoute(route) === 'predict');
  assert.deepEqual(own, ['POST /models/{id}/predict']);
});

test('a path that is not percent-encoded UTF-8 is an error, and the default route matches nothing by itself', () => {
  assert.throws(() => matchRoute(ROUTES, 'GET', '/runs/%zz'), URIError);
  assert.equal(matchRoute(['$default'], '$default', '/'), undefined);
});
