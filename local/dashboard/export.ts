// The dashboard and a log of events in one file, which any browser opens without a server.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The page asks for nothing from elsewhere, whatever is in the log. */
const POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">`;

/**
 * @param pageDir the built page, with `bundle.js`: its modules as one script
 * @param events lines of JSON
 */
export async function exportPage(pageDir: string, events: string): Promise<string> {
  const [page, style, script] = await Promise.all(
    ['index.html', 'style.css', 'bundle.js'].map((name) => readFile(join(pageDir, name), 'utf8')),
  );
  // in JSON a < stands in strings only, where it may be written so
  const data = events.replaceAll('<', '\\u003c');
  const inline = (text: string) => text.replaceAll('</', '<\\/');
  return page
    .replace('<meta charset="utf-8">', (charset) => `${charset}\n${POLICY}`)
    .replace('<link rel="stylesheet" href="style.css">', () => `<style>${style}</style>`)
    .replace('<script type="module" src="app.js"></script>', '')
    .replace(
      '</body>',
      () =>
        `<script type="application/x-ndjson" id="events">${data}</script>\n<script>${inline(script)}</script>\n</body>`,
    );
}
