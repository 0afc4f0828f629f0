/** Where words may stand half written: under a thread, for a new one, or in quick add of a list or under a task. */
export const draftKeys = {
  thread: (id: string): string => id,
  /** For the first words of a list's new thread; of one's own without a list. */
  newThread: (listId: string | undefined): string => `new:${listId ?? ''}`,
  list: (id: string): string => `list:${id}`,
  task: (id: string): string => `task:${id}`,
};

/**
 * What is typed and not sent yet, under the place that it is for: a field that leaves the page finds its words again,
 * and never takes them along to another place. Kept until the page is closed or the person signs out; nobody else who
 * signs in here meets them.
 */
export class Drafts {
  readonly #userId: () => string | undefined;
  #words: Record<string, string> = $state({});

  constructor(userId: () => string | undefined) {
    this.#userId = userId;
  }

  read(key: string): string {
    return this.#words[this.#own(key)] ?? '';
  }

  write(key: string, words: string): void {
    this.#words[this.#own(key)] = words;
  }

  /** What was begun in one place goes on in another: the words for a new thread, once it is there. */
  move(from: string, to: string): void {
    this.write(to, this.read(from));
    this.write(from, '');
  }

  clear(): void {
    this.#words = {};
  }

  #own(key: string): string {
    return `${this.#userId() ?? ''}/${key}`;
  }
}
