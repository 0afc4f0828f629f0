/** Named things that a key does anywhere. Whoever is on the page and can do one says so with {@link Keys.on}. */
export type KeyAction =
  | 'command'
  | 'keys'
  | 'search'
  | 'quick-add'
  | 'undo'
  | 'redo'
  | 'agent'
  | 'sidebar'
  | 'go-list'
  | 'go-today'
  | 'go-agent'
  | 'escape';

const AFTER_G: Record<string, KeyAction> = { l: 'go-list', t: 'go-today', a: 'go-agent' };
const SINGLE: Record<string, KeyAction> = {
  '?': 'keys',
  '/': 'search',
  c: 'quick-add',
  n: 'quick-add',
  '[': 'sidebar',
};
const G_WITHIN_MS = 1_200;

/** True in a field, where letters are text and undo is the field's own. */
export function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return (
    target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type)
  );
}

/**
 * The keys that work everywhere. Keys of rows (j k e x d p a l …) belong to the list's grid, which handles them itself
 * and marks them handled with `preventDefault`. Single letters work in the page's main part and where nothing has the
 * focus, never in a field, in the sidebar, beside the agent or in what floats; a setting turns them off.
 */
export class Keys {
  readonly #isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  readonly #handlers = new Map<KeyAction, (() => void)[]>();
  readonly #areSinglesOn: () => boolean;
  #gAt = -Infinity;

  constructor(areSinglesOn: () => boolean) {
    this.#areSinglesOn = areSinglesOn;
  }

  /** The key that commands take here, as it is written on it. */
  get modifier(): string {
    return this.#isMac ? '⌘' : 'Ctrl';
  }

  /** Whether single letters are on: the grid asks before it takes one. */
  get singles(): boolean {
    return this.#areSinglesOn();
  }

  /**
   * Does `run` for an action until the returned function is called; the last to ask wins.
   * `$effect(() => app.keys.on('quick-add', () => field.focus()))`
   */
  on(action: KeyAction, run: () => void): () => void {
    const runs = this.#handlers.get(action) ?? [];
    this.#handlers.set(action, [...runs, run]);
    return () =>
      this.#handlers.set(
        action,
        (this.#handlers.get(action) ?? []).filter((other) => other !== run),
      );
  }

  /** @returns whether somebody does it here */
  run(action: KeyAction): boolean {
    const run = this.#handlers.get(action)?.at(-1);
    run?.();
    return run !== undefined;
  }

  /**
   * Whether this key ends what a `g` just began, and so is the page's: the grid, which hears its own letters first, asks
   * and passes it on. Any other key ends the wait, whoever takes it.
   */
  isAfterG(event: KeyboardEvent): boolean {
    const { key, timeStamp, ctrlKey, metaKey, altKey } = event;
    const isIt = timeStamp - this.#gAt < G_WITHIN_MS && !(ctrlKey || metaKey || altKey) && key.toLowerCase() in AFTER_G;
    if (!isIt) this.#gAt = -Infinity;
    return isIt;
  }

  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || event.getModifierState('AltGraph')) return;
    const action = this.#actionOf(event);
    if (action === undefined || !this.run(action)) return;
    // Escape is left to whoever else closes by it: what floats looks at the event after this.
    if (action !== 'escape') event.preventDefault();
  }

  #actionOf(event: KeyboardEvent): KeyAction | undefined {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const isCommand = this.#isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    const inField = isField(event.target);
    if (isCommand && !event.altKey) {
      if (key === 'k' && !event.shiftKey) return 'command';
      if (key === 'j' && !event.shiftKey) return 'agent';
      if (inField) return undefined;
      if (key === 'z') return event.shiftKey ? 'redo' : 'undo';
      if (key === 'y' && !this.#isMac) return 'redo';
      return undefined;
    }
    if (event.metaKey || event.ctrlKey || event.altKey) return undefined;
    if (key === 'Escape') return isFloating(event.target) ? undefined : 'escape';
    if (inField || !this.#areSinglesOn() || !takesLetters(event.target)) return undefined;
    const isAfterG = this.isAfterG(event);
    this.#gAt = -Infinity;
    if (isAfterG) return AFTER_G[key];
    if (key === 'g') this.#gAt = event.timeStamp;
    return SINGLE[key];
  }
}

/** Inside of what floats over the page, which closes first, and has its own keys. */
const isFloating = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[role=dialog], [role=menu], [role=listbox]') !== null;

function takesLetters(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  if (isFloating(target)) return false;
  return target === document.body || target.closest('#main, [data-keys]') !== null;
}
