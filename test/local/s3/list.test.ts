import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream, STREAM } from '../../../lib/base/random.ts';
import { KeyIndex } from '../../../local/s3/key-index.ts';
import { listPage } from '../../../local/s3/list.ts';

const inByteOrder = (keys: Iterable<string>) =>
  [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** All items at once, from the definition: group by common prefix, then drop what does not come after `after`. */
function slowList(keys: string[], prefix: string, delimiter: string, after: string): string[] {
  const items = new Set<string>();
  for (const key of keys) {
    if (!key.startsWith(prefix) || Buffer.compare(Buffer.from(key), Buffer.from(after)) <= 0) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    items.add(end === -1 ? key : key.slice(0, end + delimiter.length));
  }
  return inByteOrder(items).filter((item) => Buffer.compare(Buffer.from(item), Buffer.from(after)) > 0);
}

function pagedList(index: KeyIndex<number>, { after: start, ...request }: Parameters<typeof listPage>[1]): string[] {
  const items: string[] = [];
  for (let after: string | undefined = start; after !== undefined; ) {
    const { keys, commonPrefixes, next } = listPage(index, { ...request, after });
    const page = inByteOrder([...keys, ...commonPrefixes]);
    assert.ok(page.length === request.maxKeys || next === undefined, 'only the last page is short');
    items.push(...page);
    after = next;
  }
  return items;
}

test('pages of any size match the plain definition on 300 random sets of keys', () => {
  const random = new RandomStream(1, STREAM.values);
  const parts = ['a', 'b', '/', '//', 'é', '\ue000', '😀', ' ', 'A'];
  const word = (longest: number) =>
    Array.from({ length: random.nextBelow(longest + 1) }, () => parts[random.nextBelow(parts.length)]).join('');
  for (let round = 0; round < 300; round++) {
    const index = new KeyIndex<number>([[`a${word(4)}`, 0]]);
    const expected = new Set([index.keyAt(0)!]);
    for (let i = 0; i < 40; i++) {
      const key = parts[random.nextBelow(parts.length)] + word(4); // a key is never empty
      if (random.nextBelow(4) === 0) {
        index.delete(key);
        expected.delete(key);
      } else {
        index.set(key, i);
        expected.add(key);
      }
    }
    assert.equal(index.size, expected.size);
    const [prefix, start] = [word(1), word(3)];
    for (const delimiter of ['', '/', 'a/'])
      for (const maxKeys of [1, 3, 1000])
        assert.deepEqual(
          pagedList(index, { prefix, delimiter, after: start, maxKeys }),
          slowList([...expected], prefix, delimiter, start),
          JSON.stringify({ keys: [...expected], prefix, delimiter, start, maxKeys }),
        );
  }
});

test('a page of 0 keys is empty and the last one', () => {
  assert.deepEqual(listPage(new KeyIndex([['a', 1]]), { prefix: '', delimiter: '', after: '', maxKeys: 0 }), {
    keys: [],
    commonPrefixes: [],
  });
});
