import type { ClientEvents } from '@muster/client/types';

type Rejected = Parameters<ClientEvents['rejected']>[0];

/** An edit that the server did not take, with the person's own words in it. */
export interface RefusedEdit {
  /** The mutation's: whichever tab hears of it first keeps it, the others add nothing. */
  nonce: string;
  at: number;
  what: string;
  why: string;
  /** What was typed, to copy; empty where nothing was. */
  text: string;
}

/** More of them are a fault of ours, and nobody reads on. */
const MOST = 50;
export const keyOf = (userId: string): string => `muster:refused:${userId}`;

/**
 * Edits that were refused, until the person has seen to them: kept in this browser, over reloads, for all of its tabs.
 * Wiped with the rest when they sign out.
 */
export class Refused {
  readonly #userId: () => string | undefined;
  /** Told anew whenever the edits are others: they are read where they are shown, which must change no state. */
  #version = $state(0);
  #held: { for: string | undefined; edits: RefusedEdit[] } | undefined;

  /** @param userId whose edits they are; may be read in markup */
  constructor(userId: () => string | undefined) {
    this.#userId = userId;
  }

  get edits(): readonly RefusedEdit[] {
    void this.#version;
    return this.#read().edits;
  }

  add({ nonce, name, args, error }: Rejected): RefusedEdit {
    const edit = { nonce, at: Date.now(), what: whatOf(name, args), why: whyOf(name, error), text: textOf(args) };
    const { edits } = this.#readAgain();
    if (!edits.some((one) => one.nonce === nonce)) this.#write([edit, ...edits].slice(0, MOST));
    return edit;
  }

  dismiss(nonce: string): void {
    this.#write(this.#readAgain().edits.filter((edit) => edit.nonce !== nonce));
  }

  dismissAll(): void {
    this.#readAgain();
    this.#write([]);
  }

  /** Hears what other tabs of this browser keep and dismiss. @returns a function that ends it */
  watch(): () => void {
    const hear = ({ key }: StorageEvent): void => {
      if (this.#held?.for === undefined || key !== keyOf(this.#held.for)) return;
      this.#held = undefined;
      this.#version += 1;
    };
    addEventListener('storage', hear);
    return () => removeEventListener('storage', hear);
  }

  #read(): { for: string | undefined; edits: RefusedEdit[] } {
    const userId = this.#userId();
    if (!this.#held || this.#held.for !== userId)
      this.#held = { for: userId, edits: userId === undefined ? [] : load(keyOf(userId)) };
    return this.#held;
  }

  /** From the browser: another tab may have written. */
  #readAgain(): { for: string | undefined; edits: RefusedEdit[] } {
    if (this.#held?.for !== undefined) this.#held = undefined;
    return this.#read();
  }

  #write(edits: RefusedEdit[]): void {
    const userId = this.#userId();
    this.#held = { for: userId, edits };
    this.#version += 1;
    if (userId === undefined) return;
    try {
      if (edits.length === 0) localStorage.removeItem(keyOf(userId));
      else localStorage.setItem(keyOf(userId), JSON.stringify(edits));
    } catch {
      // A browser that keeps nothing still shows them, until the page is closed.
    }
  }
}

function load(key: string): RefusedEdit[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(found) ? (found as RefusedEdit[]) : [];
  } catch {
    return [];
  }
}

interface Args {
  title?: string;
  text?: string;
  name?: string;
  fields?: { title?: string; notes?: string; name?: string };
}

/** The words that the person typed. */
function textOf(args: unknown): string {
  const { title, text, name, fields } = (args ?? {}) as Args;
  return [title, text, name, fields?.title, fields?.notes, fields?.name].filter(Boolean).join('\n');
}

const WHAT: Record<string, string> = {
  'task.create': 'A new task',
  'task.update': 'A change of a task',
  'task.label': 'Labels of a task',
  'task.assign': 'Who does a task',
  'task.place': 'A moved task',
  'task.complete': 'A checked task',
  'task.delete': 'A deleted task',
  'task.restore': 'A task brought back',
  'message.send': 'A message',
};

/**
 * Why it was not taken. The server has one answer for what is absent and for what is hidden; whoever edited a task had
 * seen it, and is told what may have become of it.
 */
function whyOf(name: string, { code, message }: Rejected['error']): string {
  if (code !== 'not_found' || !name.startsWith('task.')) return message;
  if (name === 'task.create') return 'Its list is gone, or no longer shared with you.';
  return 'The task was deleted meanwhile, or its list is no longer shared with you.';
}

/** What kind of edit it was, for someone who has forgotten. */
function whatOf(name: string, args: unknown): string {
  const noun = name.slice(0, name.indexOf('.'));
  if (name === 'task.update' && ((args ?? {}) as Args).fields?.title) return 'A renamed task';
  return WHAT[name] ?? (noun === 'list' ? 'A change of a list' : `A change (${noun})`);
}
