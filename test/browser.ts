// A real browser for tests and screenshots: headless Chromium from an npm package, unpacked once.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import chromiumPackage from '../node_modules/@sparticuz/chromium/package.json' with { type: 'json' };

const CACHE = resolve('node_modules/.cache/chromium');

/**
 * Start the browser; the caller closes it. CHROMIUM_PATH names another, for machines that are no Linux on x86-64, for
 * which the package is built.
 */
export async function openBrowser(): Promise<Browser> {
  const own = process.env.CHROMIUM_PATH;
  if (own) return chromium.launch({ executablePath: own });
  const folder = unpack();
  const env = {
    ...process.env,
    // its own fonts and libraries, so that the machine needs none
    FONTCONFIG_PATH: folder,
    LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
  };
  return chromium.launch({ executablePath: join(folder, 'chromium'), args: ['--no-sandbox', '--disable-gpu'], env });
}

/** Unpack next to the packages, completely or not at all: another process may be doing the same. */
function unpack(): string {
  const folder = join(CACHE, chromiumPackage.version);
  if (existsSync(folder)) return folder;
  const unfinished = join(CACHE, `unfinished-${process.pid}`);
  mkdirSync(unfinished, { recursive: true });
  // the package unpacks into the temporary folder, its libraries only where it believes to be on Lambda
  const env = { ...process.env, TMPDIR: unfinished, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };
  const script = "import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())";
  execFileSync(process.execPath, ['-e', script], { env });
  const fonts = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`;
  writeFileSync(join(unfinished, 'fonts.conf'), fonts);
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Open a page and collect its errors. */
export async function openPage(
  browser: Browser,
  url: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, ...options });
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('requestfailed', (request) => {
    const { errorText } = request.failure()!;
    // the page itself closes a stream that has announced its end
    if (errorText !== 'net::ERR_ABORTED') errors.push(`${request.url()}: ${errorText}`);
  });
  await page.goto(url);
  return { page, errors };
}

let axe: string | undefined;

/** Faults that axe calls serious or critical, with the elements. */
export async function seriousFaults(page: Page): Promise<string[]> {
  axe ??= await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  const violations = await page.evaluate<
    { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
  >("axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)");
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
    );
}
