import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, toXml } from '../../../local/s3/xml.ts';

test('text survives the way out and in, whatever characters it has', () => {
  for (const text of ['a&b<c>"d\'', '&amp;#13;', '\r\n\t', ' lead and trail ', '\x01\x7f', '😀', ']]>', '__proto__'])
    assert.deepEqual(parseXml(toXml('Root', { Value: text }), 'Root'), { Value: text });
});

test('arrays repeat their element, and what is undefined is left out', () => {
  const xml = toXml('Error', { Part: [{ N: 1 }, { N: 2, Gone: undefined }], None: [], Gone: undefined, Yes: true });
  assert.match(xml, /<Error><Part><N>1<\/N><\/Part><Part><N>2<\/N><\/Part><Yes>true<\/Yes><\/Error>$/);
  assert.deepEqual(parseXml('<R><Part><N>1</N></Part></R>', 'R'), { Part: [{ N: '1' }] });
});
