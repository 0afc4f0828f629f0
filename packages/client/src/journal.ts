import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import type { Change } from '@muster/protocol/change';
import { MusterError, type WireError } from '@muster/protocol/error';
import type { ScopeId } from '@muster/protocol/id';
import { v7 } from 'uuid';
import { Authors } from './authors.ts';
import type { Edit, Made } from './edits.ts';
import { inheritSteps } from './inherit-steps.ts';
import { inverseOf } from './inverse.ts';
import { moveBack, rememberPlaces } from './places.ts';
import { createMemorySteps, type StepStorage } from './step-storage.ts';
import type { Inverse, Part, Step, StepNews } from './step.ts';
import type { MusterClient, TabSeat } from './types.ts';

/** How many steps can be taken back. */
const MOST_STEPS = 100;

export interface JournalOptions {
  client: MusterClient;
  /** Defaults to memory. */
  storage?: StepStorage;
  logger?: (message: string, details?: unknown) => void;
}

/** What came of taking a step back, or doing it again. */
export interface Taken {
  label: string;
  /** How many of its commands were given. */
  done: number;
  /** What was not done, and why: of a `conflict`, `details.conflict` says what stands there now, and by whom. */
  refused: WireError[];
}

/**
 * Undo and redo over everything that a person did, in any tab of their browser. A step is taken back by new commands,
 * under the condition that what it made still stands: a later change by someone else is never clobbered.
 */
export class Journal {
  readonly #client: MusterClient;
  readonly #storage: StepStorage;
  readonly #log: (message: string, details?: unknown) => void;
  readonly #authors = new Authors();
  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[];
  readonly #seat: TabSeat;
  #steps: Step[] = [];
  #userId: string | undefined;
  #made: Made | undefined;
  /** One write after another. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor({ client, storage = createMemorySteps(), logger = () => undefined }: JournalOptions) {
    this.#client = client;
    this.#storage = storage;
    this.#log = logger;
    this.#seat = storage.tabs.join((news) => this.#hear(news as StepNews));
    this.#stops = [
      client.on('made', (made) => {
        this.#made = made;
        if (client.userId !== undefined) this.#authors.noteOwn(made.edits, client.userId);
      }),
      client.on('change', (_scope, change) => this.#authors.note(change)),
      client.on('arrived', (nonce, _scope, change) => this.#arrived(nonce, change)),
      client.on('rejected', ({ nonce }) => this.#unmade(nonce)),
      client.on('user', (_userId, guestId) => void this.load(guestId)),
    ];
  }

  /**
   * Reads the steps of whoever is signed in.
   * @param guestId whom they were until they signed up: those steps are theirs too
   */
  async load(guestId?: string): Promise<void> {
    const { userId } = this.#client;
    if (userId === undefined || userId === this.#userId) return;
    const own = this.#userId === undefined ? this.#steps : [];
    this.#userId = userId;
    this.#steps = own;
    if (guestId !== undefined) this.#write(() => inheritSteps(this.#storage, guestId, userId));
    await this.#writing;
    const loaded = await this.#storage.load(userId).catch(this.#failed([]));
    if (this.#userId !== userId) return;
    const known = new Set(this.#steps.map(({ id }) => id));
    this.#steps = [...loaded.filter(({ id }) => !known.has(id)), ...this.#steps];
    if (own.length > 0) this.#save(own, []);
    this.#tell();
  }

  /** What Ctrl Z would take back, and what would be done again. */
  get next(): { undo: Step | undefined; redo: Step | undefined } {
    return { undo: this.#last('done'), redo: this.#last('undone') };
  }

  /** @returns an id by which just this step can be taken back; undefined where none of it can be */
  add(label: string, made: readonly Made[]): string | undefined {
    const own = made.flatMap(({ edits }) => edits);
    const parts = made.flatMap(({ nonce, edits }) => this.#part(nonce, edits, own));
    return parts.length === 0 ? undefined : this.#push(label, parts);
  }

  /** Takes back the newest step, or the one given. Undefined: there is none. */
  undo(id?: string): Taken | undefined {
    const step = id === undefined ? this.#last('done') : this.#steps.find((one) => one.id === id);
    return step?.state === 'done' ? this.#perform(step, 'undone') : undefined;
  }

  redo(): Taken | undefined {
    const step = this.#last('undone');
    return step && this.#perform(step, 'done');
  }

  /**
   * Takes back what an agent's run changed, as a step that can be undone itself.
   * @param changes its edits, each change's together, in their order
   */
  takeBack(label: string, changes: readonly Edit[][]): Taken {
    const parts = changes.flatMap((edits) => this.#part('', edits));
    const { parts: made, refused } = this.#give(parts);
    if (made.length > 0) this.#push(label, made);
    return { label, done: made.length, refused };
  }

  /** Called when {@link next} may tell something else. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Signing out: nothing of the person's stays. */
  async wipe(): Promise<void> {
    const userId = this.#userId;
    this.#steps = [];
    this.#seat.post({ news: 'wiped' } satisfies StepNews);
    if (userId !== undefined) this.#write(() => this.#storage.wipe(userId));
    await this.close();
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#listeners.clear();
    this.#seat.leave();
    await this.#writing;
    await this.#storage.close();
  }

  #last(state: Step['state']): Step | undefined {
    let last: Step | undefined;
    for (const step of this.#steps) {
      if (step.state !== state) continue;
      if (!last || step.order > last.order || (step.order === last.order && step.id > last.id)) last = step;
    }
    return last;
  }

  /** @param own all edits of the same gesture */
  #part(nonce: string, edits: readonly Edit[], own: readonly Edit[] = edits): Part[] {
    const ids = new Set(own === edits ? [] : own.map(({ id }) => id));
    const writtenIn = (scope: ScopeId) => own.filter((one) => one.scope === scope && !one.before).map(({ id }) => id);
    const inverse = inverseOf(edits, (label) => this.#isLabelUsed(label, ids), writtenIn);
    return inverse.length === 0 ? [] : [{ nonce, inverse: inverse.map((one) => rememberPlaces(this.#client, one)) }];
  }

  get #nextOrder(): number {
    return Math.max(0, ...this.#steps.map(({ order }) => order)) + 1;
  }

  /** A new edit is what counts now: nothing is done again over it. */
  #push(label: string, parts: Part[]): string {
    const step: Step = { id: v7(), label, state: 'done', order: this.#nextOrder, parts };
    const done = this.#steps.filter(({ state }) => state === 'done').sort((a, b) => a.order - b.order);
    const kept = [...done.slice(Math.max(0, done.length + 1 - MOST_STEPS)), step];
    const gone = this.#steps.filter((one) => !kept.includes(one)).map(({ id }) => id);
    this.#steps = kept;
    this.#save([step], gone);
    return step.id;
  }

  #perform(step: Step, state: Step['state']): Taken {
    const { parts, refused } = this.#give(step.parts);
    const after: Step = { ...step, state, order: this.#nextOrder, parts };
    const isKept = parts.length > 0;
    this.#steps = this.#steps.filter(({ id }) => id !== step.id);
    if (isKept) this.#steps.push(after);
    this.#save(isKept ? [after] : [], isKept ? [] : [step.id]);
    return { label: step.label, done: parts.length, refused };
  }

  /** Gives the commands that take these parts back, the last part first. */
  #give(parts: readonly Part[]): { parts: Part[]; refused: WireError[] } {
    const made: Part[] = [];
    const refused: WireError[] = [];
    for (const inverse of parts.toReversed().flatMap((part) => part.inverse)) {
      if (inverse.onlyUnused && this.#isLabelUsed((inverse.args as { id: string }).id)) continue;
      this.#made = undefined;
      try {
        this.#mutate(inverse);
      } catch (error) {
        if (!(error instanceof MusterError)) throw error;
        refused.push(this.#authors.refusalOf(error, inverse.ifStill));
        continue;
      }
      const own = this.#made as Made | undefined;
      if (own) made.push(...this.#part(own.nonce, own.edits));
    }
    return { parts: made, refused };
  }

  #mutate(inverse: Inverse): void {
    const { name } = inverse;
    const { args, ifStill } = moveBack(this.#client, inverse);
    const given = args as CommandArgs<CommandName>;
    const conditions = ifStill.length > 0 ? { ifStill } : {};
    try {
      this.#client.mutate(name, given, conditions);
    } catch (error) {
      const isUnnamed =
        error instanceof MusterError && error.details?.conflict && !this.#authors.ofConflict(error, ifStill);
      if (!isUnnamed || this.#client.status.connection !== 'online') throw error;
      // Not seen by this page who it was: the server refuses it by name.
      this.#client.mutate(name, given, { ...conditions, isUnforeseen: true });
    }
  }

  /** By tasks other than the step's own. */
  #isLabelUsed(id: string, own: ReadonlySet<string> = new Set()): boolean {
    const label = this.#client.get('label', id);
    const tasks = label ? this.#client.all(label.scope, 'task') : [];
    return tasks.some((task) => !own.has(task.id) && task.value.labelIds.includes(id));
  }

  /** What the server made of an edit is what has to stand still: a place, a time. */
  #arrived(nonce: string, { effects }: Change): void {
    const step = this.#steps.find(({ parts }) => parts.some((part) => part.nonce === nonce));
    if (!step) return;
    let hasChanged = false;
    const confirmed = (inverse: Inverse): Inverse => {
      const [first, ...others] = inverse.ifStill;
      const effect = effects.findLast((one) => one.type === first?.type && one.id === first.id && one.op !== 'del');
      if (!inverse.confirm || !first || !effect || effect.op === 'del') return inverse;
      const told = effect.op === 'put' ? effect.value : effect.fields;
      const fields = inverse.confirm.filter((field) => Object.hasOwn(told, field));
      if (fields.length === 0) return inverse;
      hasChanged = true;
      const expected = Object.fromEntries(fields.map((field) => [field, told[field]]));
      return { ...inverse, ifStill: [{ ...first, fields: { ...first.fields, ...expected } }, ...others] };
    };
    const parts = step.parts.map((part) =>
      part.nonce === nonce ? { ...part, inverse: part.inverse.map(confirmed) } : part,
    );
    if (hasChanged) this.#replace({ ...step, parts });
  }

  /** The server refused it: there is nothing to take back. */
  #unmade(nonce: string): void {
    const step = this.#steps.find(({ parts }) => parts.some((part) => part.nonce === nonce));
    if (step) this.#replace({ ...step, parts: step.parts.filter((part) => part.nonce !== nonce) });
  }

  #replace(step: Step): void {
    const isKept = step.parts.length > 0;
    this.#steps = this.#steps.flatMap((one) => (one.id !== step.id ? [one] : isKept ? [step] : []));
    this.#save(isKept ? [step] : [], isKept ? [] : [step.id]);
  }

  #save(steps: Step[], gone: string[]): void {
    const userId = this.#userId;
    if (userId !== undefined) {
      this.#write(() => this.#storage.save(userId, steps, gone));
      this.#seat.post({ news: 'kept', userId, steps, gone } satisfies StepNews);
    }
    this.#tell();
  }

  #hear(news: StepNews): void {
    if (news.news === 'wiped') this.#steps = [];
    else if (news.userId === this.#userId) {
      const moved = new Set([...news.gone, ...news.steps.map(({ id }) => id)]);
      this.#steps = [...this.#steps.filter(({ id }) => !moved.has(id)), ...news.steps];
    }
    this.#tell();
  }

  #write(job: () => Promise<void>): void {
    this.#writing = this.#writing.then(job).catch(this.#failed(undefined));
  }

  /** Steps that could not be kept are there until the page goes. */
  #failed<T>(instead: T): (error: unknown) => T {
    return (error) => {
      this.#log('undo could not be kept', { error });
      return instead;
    };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
