import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createClient } from '@muster/client/client';
import type { MusterClient, RunView } from '@muster/client/types';
import { messageIdOf } from '@muster/domain/run-ids';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { v7 } from 'uuid';
import { signUp } from '../../proof/src/chaos/world/sign-up.ts';

const PEOPLE = 6;
const LISTS = 3;
const CHATS = 5;
const VIEWERS = 2;
/** Each client edits about this often. */
const EDIT_EVERY_MS = 350;
/** Several commands, so that the answer is long and acts too. */
const QUESTION = 'add bread, butter and jam, and tell me what is still open on this list';

interface Reading {
  runId: string;
  /** The longest that was shown of each item. */
  texts: Map<string, string>;
  faults: string[];
}

/**
 * Scripted clients that never rest: people who edit shared lists, and conversations whose answers stream to viewers.
 * Everything that they do is kept, to be held against what the server has in the end.
 */
export class Crowd {
  readonly clients: MusterClient[];
  readonly lists: string[];
  readonly #threads: string[];
  readonly #readings = new Map<string, Reading>();
  readonly #made = new Map<string, string>();
  readonly faults: string[] = [];
  edits = 0;
  #isActing = false;
  #acting: Promise<unknown> = Promise.resolve();

  private constructor(clients: MusterClient[], lists: string[], threads: string[]) {
    this.clients = clients;
    this.lists = lists;
    this.#threads = threads;
  }

  /** Two tabs a person, everybody in every list. */
  static async enter(url: string): Promise<Crowd> {
    const people = await signUp(url, PEOPLE);
    const clients = [...people, ...people].map(({ token }) => createClient({ url, token }));
    await Promise.all(clients.map((client) => client.start()));
    const [first] = clients as [MusterClient];
    const applied = async (outcome: Promise<{ status: string }>) => {
      const { status } = await outcome;
      if (status !== 'applied') throw new Error(`the crowd could not be set up: ${status}`);
    };
    const lists = Array.from({ length: LISTS }, () => v7());
    for (const id of lists) {
      await applied(first.mutate('list.create', { id, title: 'A list' }).outcome);
      for (const { email } of people.slice(1))
        await applied(first.mutate('member.invite', { listId: id, email, role: 'editor' }).outcome);
    }
    const threads = Array.from({ length: CHATS }, () => v7());
    for (const [n, id] of threads.entries())
      await applied(first.mutate('thread.create', { id, listId: lists[n % LISTS]! }).outcome);
    const crowd = new Crowd(clients, lists, threads);
    await crowd.#until(() => clients.every((client) => lists.every((id) => isOpen(client, scopeOf('list', id)))));
    return crowd;
  }

  act(): void {
    this.#isActing = true;
    this.#acting = Promise.all([
      ...this.clients.map((client, n) => this.#edit(client, n)),
      ...this.#threads.map((thread, n) => this.#talk(thread, n)),
    ]);
  }

  /** Everything that was begun comes to its end; answers too. */
  async rest(): Promise<void> {
    this.#isActing = false;
    await this.#acting;
    const scopes = this.lists.map((id) => scopeOf('list', id));
    await this.#until(
      () =>
        this.clients.every(
          ({ status }) => status.connection === 'online' && status.pending === 0 && !status.isBehind,
        ) &&
        scopes.every(
          (scope) => new Set(this.clients.map((client) => JSON.stringify(client.scopeState(scope)))).size === 1,
        ),
    );
  }

  /** Runs that were answered. */
  get answers(): number {
    return this.#readings.size;
  }

  /** Answers of which words were seen while they streamed: on a busy machine a short one may end before it is looked at. */
  get streamed(): number {
    return [...this.#readings.values()].filter(({ texts }) => texts.size > 0).length;
  }

  /** What broke a promise, in words. */
  judge(): string[] {
    const found = [...this.faults, ...[...this.#readings.values()].flatMap(({ faults }) => faults)];
    for (const id of this.lists) {
      const scope = scopeOf('list', id);
      const [first, ...others] = this.clients.map((client) => byId(client, scope));
      for (const other of others)
        if (!isDeepStrictEqual(other, first))
          found.push(`not all hold the same of ${scope}: ${differences(first!, other).join(', ')}`);
    }
    const held = new Map(
      this.lists.flatMap((id) =>
        this.clients[0]!.all(scopeOf('list', id), 'task').map(({ id, value }) => [id, value.title] as const),
      ),
    );
    for (const [id, title] of this.#made)
      if (held.get(id) !== title) found.push(`"${title}" was acknowledged, and ${held.get(id) ?? 'nothing'} is there`);
    return found;
  }

  async leave(): Promise<void> {
    this.#isActing = false;
    await this.#acting;
    await Promise.all(this.clients.map((client) => client.stop()));
  }

  async #edit(client: MusterClient, n: number): Promise<void> {
    const own: string[] = [];
    for (let turn = 0; this.#isActing; turn += 1) {
      await delay(EDIT_EVERY_MS * (0.5 + Math.random()));
      const title = `${n}-${turn}`;
      const isNew = own.length < 5 || turn % 3 === 0;
      const id = isNew ? v7() : own[turn % own.length]!;
      const listId = this.lists[turn % LISTS]!;
      const { outcome } = isNew
        ? client.mutate('task.create', { id, listId, title })
        : client.mutate('task.update', { id, fields: { title } });
      if (isNew) own.push(id);
      const settled = await outcome;
      this.edits += 1;
      if (settled.status === 'applied') this.#made.set(id, title);
      else this.faults.push(`"${title}" was ${settled.status}: ${JSON.stringify(settled)}`);
    }
  }

  /** One question after the other; each answer is read by two clients, word for word. */
  async #talk(thread: string, n: number): Promise<void> {
    const scope = scopeOf('thread', thread);
    const viewers = Array.from({ length: VIEWERS }, (_, k) => this.clients[(n + k * 5) % this.clients.length]!);
    const handles = viewers.map((viewer) => viewer.open(scope));
    await Promise.all(handles.map(({ ready }) => ready));
    while (this.#isActing) {
      const id = v7();
      const { status } = await viewers[0]!.mutate('message.send', { id, threadId: thread, text: QUESTION }).outcome;
      if (status !== 'applied') this.faults.push(`a question was ${status}`);
      const runOf = () => viewers.map((viewer) => viewer.all(scope, 'run').find(({ value }) => value.messageId === id));
      await this.#until(() => runOf().every((run) => run !== undefined));
      const runId = runOf()[0]!.id;
      const readings = viewers.map((viewer) => this.#read(viewer, runId));
      await this.#until(() => runOf().every((run) => run?.value.endedAt !== null));
      await this.#until(() => viewers.every((viewer) => isWhole(viewer, scope, runId)));
      const { value } = runOf()[0]!;
      if (value.status !== 'completed') this.faults.push(`a run is ${value.status}: ${value.error?.message}`);
      if (value.attempt !== 1) this.faults.push(`a run that could have finished was begun ${value.attempt} times`);
      for (const { reading, close } of readings) {
        close();
        compare(viewers[0]!, reading);
        this.#readings.set(`${runId} ${this.#readings.size}`, reading);
      }
    }
    for (const handle of handles) handle.close();
  }

  #read(viewer: MusterClient, runId: string): { reading: Reading; close: () => void } {
    const reading: Reading = { runId, texts: new Map(), faults: [] };
    const handle = viewer.watchRun(runId);
    handle.ready.catch((error: Error) => reading.faults.push(`a run could not be watched: ${error.message}`));
    handle.subscribe(({ current, wasInterrupted }: RunView) => {
      if (wasInterrupted && !reading.faults.includes('words were taken back'))
        reading.faults.push('words were taken back');
      if (!current) return;
      const known = reading.texts.get(current.itemId) ?? '';
      if (current.text.startsWith(known)) reading.texts.set(current.itemId, current.text);
      else if (!known.startsWith(current.text)) reading.faults.push(`"${known}" became "${current.text}"`);
    });
    return { reading, close: () => handle.close() };
  }

  async #until(holds: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 45_000; !holds(); await delay(25))
      if (Date.now() > deadline) throw new Error(`waited in vain for ${holds.toString()}`);
  }
}

const isOpen = (client: MusterClient, scope: ScopeId): boolean => client.scopeState(scope).state === 'open';

const byId = (client: MusterClient, scope: ScopeId) =>
  (['list', 'member', 'task', 'thread'] as const)
    .flatMap((type) => client.all(scope, type))
    .sort((a, b) => (`${a.type}${a.id}` < `${b.type}${b.id}` ? -1 : 1));

function differences(one: object[], other: object[]): string[] {
  const [here, there] = [one, other].map((all) => all.map((entity) => JSON.stringify(entity)));
  return [...here!.filter((entity) => !there!.includes(entity)), ...there!.filter((entity) => !here!.includes(entity))];
}

/** Its last words are stored, and have arrived. */
function isWhole(viewer: MusterClient, scope: ScopeId, runId: string): boolean {
  const said = viewer.all(scope, 'run_item').filter(({ value }) => value.runId === runId && value.kind === 'message');
  return said.length > 0 && said.every(({ value }) => viewer.get('message', messageIdOf(runId, value.n)) !== undefined);
}

/** What was read while it streamed against what is stored. */
function compare(viewer: MusterClient, { runId, texts, faults }: Reading): void {
  for (const [itemId, text] of texts) {
    const n = Number(itemId.slice(itemId.lastIndexOf(':') + 1));
    const stored = viewer.get('message', messageIdOf(runId, n))?.value.text;
    if (stored === undefined) faults.push(`"${text}" was shown, and is not stored`);
    else if (!stored.startsWith(text)) faults.push(`"${text}" was shown, and "${stored}" is stored`);
  }
}
