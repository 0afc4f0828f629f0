import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build } from 'vite';

const ARGS = ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run', '--disable-sync'];

/** A real browser on a page that is nothing but a script of ours. */
export class BrowserPage {
  readonly page: Page;
  readonly version: string;
  readonly #browser: Browser;
  readonly #server: Server;

  private constructor(browser: Browser, page: Page, server: Server) {
    this.#browser = browser;
    this.page = page;
    this.#server = server;
    this.version = browser.version();
  }

  /** @param script beside this file, bundled as the product's page is */
  static async open(script: string): Promise<BrowserPage> {
    const code = await bundle(join(import.meta.dirname, script));
    const server = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(
        isScript ? code : '<!doctype html><title>bench</title><script type="module" src="/page.js"></script>',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
    try {
      const browser = await chromium.launch({ executablePath, args: ARGS });
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      return new BrowserPage(browser, page, server);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function bundle(entry: string): Promise<string> {
  const output = await build({
    ...{ configFile: false, logLevel: 'error' },
    build: {
      write: false,
      target: 'es2023',
      rollupOptions: { input: entry, output: { format: 'es', codeSplitting: false } },
    },
  });
  const [built] = [output].flat();
  const chunk = built && 'output' in built ? built.output.find(({ type }) => type === 'chunk') : undefined;
  if (chunk?.type !== 'chunk') throw new Error(`${entry} was not bundled`);
  return chunk.code;
}
