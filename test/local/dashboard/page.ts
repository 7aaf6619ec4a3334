// The dashboard's page in a browser: what it shows, and waits for what it will show.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { exportPage } from '../../../local/dashboard/export.ts';
import { openPage } from '../../browser.ts';
import { temporaryFolder } from '../command.ts';

export const textOf = (page: Page, id: string) => page.locator(`#${id}`).innerText();

/** Wait for a text from outside: the page's policy forbids scripts in strings, which waiting inside would need. */
export async function untilText(page: Page, id: string, text: string): Promise<void> {
  let found: string | null = null;
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 30) {
    found = await page.locator(`#${id}`).textContent();
    if (found === text) return;
    await sleep(30);
  }
  throw new Error(`#${id} did not become ${text} within 60 s, it is ${found}`);
}

/** Wait until what the page shows equals `expected`; its tables follow within 200 ms. */
export async function untilEqual<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (Date.now() < endMs && !isDeepStrictEqual(await read(), expected)) await sleep(30);
  assert.deepEqual(await read(), expected);
}

/** Move the time slider, in milliseconds from the first event. */
export async function moveTo(page: Page, ms: number): Promise<void> {
  await page.evaluate(
    `const time = document.querySelector('#time'); time.value = ${ms}; time.dispatchEvent(new Event('input'))`,
  );
}

/** Everything that the page shows of the run, except where it is from. */
export async function readNumbers(page: Page): Promise<Record<string, string>> {
  const ids =
    'accuracy accuracyMore tasks tasksMore invocations invocationsMore requests requestsMore cost costMore failures';
  const stages = ['generate', 'split', 'train', 'evaluate'].flatMap((name) => [`count-${name}`, `seconds-${name}`]);
  const all = [...ids.split(' '), ...stages, 'partitionsNote', 'bucket', 'graph', 'inFlight'];
  return Object.fromEntries(
    await Promise.all(all.map(async (id) => [id, (await page.locator(`#${id}`).textContent()) ?? ''] as const)),
  );
}

/** An exported page of these events, as wide as a phone. */
export async function openExported(t: TestContext, browser: Browser, lines: unknown[]) {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'page.html');
  await writeFile(file, await exportPage('dist/dashboard', lines.map((line) => JSON.stringify(line)).join('\n')));
  const opened = await openPage(browser, pathToFileURL(file).href, { viewport: { width: 390, height: 780 } });
  await opened.page.locator('html[data-loaded]').waitFor({ state: 'attached' });
  return opened;
}
