import { afterEach, beforeEach, expect, it } from 'vitest';
import { Keys, type KeyAction } from './keys.svelte.ts';

let keys: Keys;
let areOn: boolean;
let done: KeyAction[];

beforeEach(() => {
  areOn = true;
  done = [];
  keys = new Keys(() => areOn);
  const all = [
    'command',
    'keys',
    'search',
    'quick-add',
    'undo',
    'redo',
    'agent',
    'sidebar',
    'go-today',
    'escape',
  ] as const;
  for (const action of all) keys.on(action, () => done.push(action));
  document.body.innerHTML =
    '<main id="main"><button id="in">x</button></main><nav><a id="out" href="/">x</a></nav><input id="field" /><div role="dialog"><button id="over">x</button></div>';
});
afterEach(() => (document.body.innerHTML = ''));

function press(key: string, on = 'body', more: KeyboardEventInit & { isAltGraph?: boolean } = {}): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  if (more.isAltGraph)
    Object.defineProperty(event, 'getModifierState', { value: (name: string) => name === 'AltGraph' });
  const target = on === 'body' ? document.body : document.getElementById(on)!;
  target.addEventListener('keydown', (heard) => keys.handle(heard as KeyboardEvent), { once: true });
  target.dispatchEvent(event);
  return event;
}

it('takes single letters on the page and in its main part only', () => {
  press('c');
  press('n', 'in');
  press('c', 'out');
  press('c', 'field');
  press('c', 'over');
  expect(done).toEqual(['quick-add', 'quick-add']);
});

it('takes none where they are turned off, but commands still', () => {
  areOn = false;
  press('c');
  press('?');
  press('k', 'body', { ctrlKey: true });
  expect(done).toEqual(['command']);
});

it('lets a field keep its own undo, and opens the command menu from it', () => {
  press('z', 'field', { ctrlKey: true });
  press('k', 'field', { ctrlKey: true });
  press('z', 'body', { ctrlKey: true });
  press('Z', 'body', { ctrlKey: true, shiftKey: true });
  expect(done).toEqual(['command', 'undo', 'redo']);
});

it('lets AltGr and a word that is being composed through', () => {
  press('[', 'body', { ctrlKey: true, altKey: true, isAltGraph: true });
  press('/', 'body', { isComposing: true });
  expect(done).toEqual([]);
});

it('reads g and a letter as one', () => {
  press('g');
  press('t');
  press('t');
  expect(done).toEqual(['go-today']);
});

it('leaves Escape to what floats, and never takes it from anybody', () => {
  press('Escape', 'over');
  expect(done).toEqual([]);
  expect(press('Escape').defaultPrevented).toBe(false);
  expect(done).toEqual(['escape']);
});

it('gives a key to the last who asked, and back when they are gone', () => {
  const back = keys.on('search', () => done.push('keys'));
  press('/');
  back();
  press('/');
  expect(done).toEqual(['keys', 'search']);
});
