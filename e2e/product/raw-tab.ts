import type { Browser, CDPSession } from '@playwright/test';

/**
 * A tab as people have them. Playwright tells each of its own that it is looked at, always; this one is hidden where
 * another comes to the front. Its browser profile is the browser's own.
 */
export class RawTab {
  readonly #devtools: CDPSession;
  readonly #targetId: string;
  readonly #sessionId: string;
  #calls = 0;

  private constructor(devtools: CDPSession, targetId: string, sessionId: string) {
    this.#devtools = devtools;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
  }

  /** @param script runs in each of its pages before the page's own */
  static async open(browser: Browser, url: string, script = ''): Promise<RawTab> {
    const devtools = await browser.newBrowserCDPSession();
    const { targetId } = await devtools.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await devtools.send('Target.attachToTarget', { targetId });
    const tab = new RawTab(devtools, targetId, sessionId);
    await tab.#send('Page.enable', {});
    await tab.#send('Page.addScriptToEvaluateOnNewDocument', { source: script });
    await tab.goto(url);
    return tab;
  }

  async goto(url: string): Promise<void> {
    await this.#send('Page.navigate', { url });
  }

  async bringToFront(): Promise<void> {
    await this.#devtools.send('Target.activateTarget', { targetId: this.#targetId });
  }

  /** What the expression comes to, in the page; a promise's value. */
  async evaluate<T>(expression: string): Promise<T> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result } = await this.#send<{ result: { value: T } }>('Runtime.evaluate', params);
    return result.value;
  }

  async close(): Promise<void> {
    await this.#devtools.send('Target.closeTarget', { targetId: this.#targetId });
    await this.#devtools.detach();
  }

  #send<T>(method: string, params: object): Promise<T> {
    const id = (this.#calls += 1);
    const answered = new Promise<T>((resolve, reject) => {
      const hear = ({ sessionId, message }: { sessionId: string; message: string }): void => {
        const answer = JSON.parse(message) as { id?: number; result: T; error?: { message: string } };
        if (sessionId !== this.#sessionId || answer.id !== id) return;
        this.#devtools.off('Target.receivedMessageFromTarget', hear);
        if (answer.error) reject(new Error(`${method}: ${answer.error.message}`));
        else resolve(answer.result);
      };
      this.#devtools.on('Target.receivedMessageFromTarget', hear);
    });
    const message = JSON.stringify({ id, method, params });
    return this.#devtools
      .send('Target.sendMessageToTarget', { sessionId: this.#sessionId, message })
      .then(() => answered);
  }
}
