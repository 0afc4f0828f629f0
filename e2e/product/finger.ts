import { expect, type CDPSession, type Locator, type Page } from '@playwright/test';

interface Point {
  x: number;
  y: number;
}

/** A finger on the glass: real touches, through the browser's own recognition of gestures, which may take them away. */
export class Finger {
  readonly #touches: CDPSession;
  #at: Point = { x: 0, y: 0 };

  private constructor(touches: CDPSession) {
    this.#touches = touches;
  }

  static async on(page: Page): Promise<Finger> {
    return new Finger(await page.context().newCDPSession(page));
  }

  /** Comes down on the middle of something, and stays there. */
  async down(target: Locator): Promise<void> {
    const box = await target.boundingBox();
    if (!box) throw new Error('there is nothing to be touched');
    this.#at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await this.#send('touchStart');
  }

  /** Comes down, and rests until it has lifted what is there. */
  async lift(target: Locator): Promise<void> {
    await this.down(target);
    await expect(target).toHaveAttribute('data-lifted');
  }

  /** Moves there in small steps, as a finger does. */
  async moveTo(y: number, steps = 12): Promise<void> {
    const by = (y - this.#at.y) / steps;
    for (let step = 0; step < steps; step += 1) {
      this.#at = { ...this.#at, y: this.#at.y + by };
      await this.#send('touchMove');
    }
  }

  async up(): Promise<void> {
    await this.#send('touchEnd');
  }

  #send(type: 'touchStart' | 'touchMove' | 'touchEnd'): Promise<unknown> {
    const touchPoints = type === 'touchEnd' ? [] : [this.#at];
    return this.#touches.send('Input.dispatchTouchEvent', { type, touchPoints });
  }
}
