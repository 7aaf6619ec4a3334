// XML in and out. Written by hand on the way out: keys hold any character, and a writer must escape every one of them.

import { XMLParser } from 'fast-xml-parser';
import { S3Error } from './s3-error.ts';

/** An array repeats its element; undefined leaves it out. */
export type XmlValue = string | number | boolean | undefined | XmlFields | XmlFields[];
export interface XmlFields {
  [name: string]: XmlValue;
}

const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

// control characters go as numbers: a parser turns a plain \r into \n
function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  return text.replace(/[&<>"\x00-\x1f\x7f]/g, (c) => NAMED[c] ?? `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`);
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join('');
  return `<${name}>${typeof value === 'object' ? elements(value) : escapeText(String(value))}</${name}>`;
}

const elements = (fields: XmlFields) =>
  Object.entries(fields)
    .map(([name, value]) => element(name, value))
    .join('');

/** An XML document of one root element. */
export function toXml(root: string, fields: XmlFields): string {
  const namespace = root === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${elements(fields)}</${root}>`;
}

const CHARACTERS: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

// the parser's own decoding drops &#x1; and would so turn one key into another
function unescapeText(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (_, hex, decimal, name) =>
    name ? CHARACTERS[name.toLowerCase()] : String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal)),
  );
}

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false, // keys may begin or end with a space
  processEntities: false,
  tagValueProcessor: (_, text) => unescapeText(text),
  isArray: (name) => name === 'Object' || name === 'Part',
});

/**
 * The children of the root element of a request's body; `Object` and `Part` are always arrays.
 *
 * @throws {S3Error} MalformedXML
 */
export function parseXml<T>(text: string, root: string): Partial<T> {
  let document: Record<string, unknown>;
  try {
    document = parser.parse(text, true);
  } catch (error) {
    throw new S3Error('MalformedXML', `the request's XML cannot be read: ${(error as Error).message}`);
  }
  const content = document[root];
  if (content === undefined) throw new S3Error('MalformedXML', `the request's XML must be one ${root} element`);
  return typeof content === 'object' ? (content as T) : {};
}
