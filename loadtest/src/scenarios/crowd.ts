import execution from 'k6/execution';
import { MarkBook, marksOf, writeMark } from '../measure/marks.ts';
import { beginCounting, METRICS, warn } from '../measure/metrics.ts';
import { Api } from '../muster/api.ts';
import { newId } from '../muster/ids.ts';
import { pause, pauseUntil, waitUntil } from '../muster/pause.ts';
import { Person } from '../muster/person.ts';
import { carriersOf, planCrowd, SETTLE_MS, timesOf, type CrowdOptions, type CrowdPlan } from './crowd-plan.ts';

export interface CrowdData {
  tokens: string[];
  lists: string[];
  /** On the clock of this machine. */
  beginsAt: number;
}

const BEGIN_AFTER_MS = 1_000;
/** How long those who were cut off stay away, while others go on writing. */
const AWAY_MS = 5_000;
const LOOK_EVERY_MS = 100;

/** Makes the people, their lists and who is in which. */
export function setUpCrowd(url: string, options: CrowdOptions): CrowdData {
  const api = new Api(url);
  const { people, members } = planCrowd(options);
  const guests = api.createGuests(people);
  const lists = api.createLists(members.map(([owner]) => guests[owner!]!));
  api.letIn(
    members.map(([owner, ...others], at) => ({
      id: lists[at]!,
      owner: guests[owner!]!,
      others: others.map((person) => guests[person]!),
    })),
  );
  return { tokens: guests.map(({ token }) => token), lists, beginsAt: Date.now() + BEGIN_AFTER_MS };
}

/** The executor: so many carriers, each with some of the clients. */
export const crowdExecutor = (options: CrowdOptions, exec: string) => ({
  executor: 'per-vu-iterations' as const,
  vus: carriersOf(options.clients),
  iterations: 1,
  maxDuration: `${Math.ceil(timesOf(options).longestMs / 1_000)}s`,
  exec,
});

/** One carrier's clients, from coming to leaving. */
export async function runCrowd(url: string, options: CrowdOptions, data: CrowdData): Promise<void> {
  beginCounting();
  const plan = planCrowd(options);
  const carrier = execution.scenario.iterationInTest;
  const own: Promise<void>[] = [];
  for (let client = carrier; client < options.clients; client += carriersOf(options.clients)) {
    own.push(new CrowdClient(url, options, plan, data, client).run());
  }
  await Promise.all(own);
}

class CrowdClient {
  readonly #options: CrowdOptions;
  readonly #data: CrowdData;
  readonly #client: number;
  readonly #lists: { scope: string; id: string; authors: number[]; isAuthor: boolean; book: MarkBook }[];
  readonly #person: Person;
  readonly #times: ReturnType<typeof timesOf>;

  constructor(url: string, options: CrowdOptions, plan: CrowdPlan, data: CrowdData, client: number) {
    this.#options = options;
    this.#data = data;
    this.#client = client;
    this.#times = timesOf(options);
    this.#lists = plan.listsOf(client).map((list) => {
      const [id, authors] = [data.lists[list]!, plan.authors[list]!];
      return { id, scope: `list:${id}`, authors, isAuthor: authors.includes(client), book: new MarkBook() };
    });
    const books = new Map(this.#lists.map(({ scope, book }) => [scope, book]));
    this.#person = new Person({
      url,
      token: data.tokens[client % plan.people]!,
      scopes: [...books.keys()],
      listener: {
        snapshot: (scope, entities) => books.get(scope)!.seed(entities),
        changed: (scope, { effects }, road) => {
          for (const mark of marksOf(effects)) {
            if (!books.get(scope)!.see(mark) || mark.author === client) continue;
            METRICS.delivered.add(1);
            if (road !== 'missed') METRICS.delivery.add(Date.now() - mark.sentAt);
          }
        },
      },
    });
  }

  async run(): Promise<void> {
    const { comesAt, leavesAt, endAt, cutAt } = this.#times;
    await this.#until(comesAt(this.#client));
    await waitUntil(this.#data.beginsAt + endAt + SETTLE_MS, this.#person.connect());
    const written = this.#lists.filter(({ isAuthor }) => isAuthor);
    const leaving = leavesAt(this.#client);
    if (leaving !== undefined) {
      await this.#until(leaving);
      this.#count(this.#lists.map(({ book }) => book.countHoles()));
    } else {
      const isReaderOnly = written.length === 0;
      await Promise.all([
        ...written.map((list, nth) => this.#write(list, nth)),
        ...(isReaderOnly && cutAt !== undefined ? [this.#goAway(cutAt)] : []),
      ]);
      await this.#untilComplete(endAt + SETTLE_MS);
      this.#count(this.#lists.map(({ book, authors }) => book.countLost(authors)));
    }
    this.#person.leave();
  }

  /** One task, whose title is the author's count. */
  async #write({ id: listId }: { id: string }, nth: number): Promise<void> {
    const { lists, authorsPerList, changesPerSecond } = this.#options;
    const { writeFrom, endAt } = this.#times;
    const everyMs = (lists * authorsPerList * 1_000) / changesPerSecond;
    const giveUpAt = this.#data.beginsAt + endAt + SETTLE_MS - 5_000;
    const id = newId();
    // Authors take turns, or all changes would come in the same instant.
    let due = writeFrom + ((this.#client * 7 + nth * 3) % 10) * (everyMs / 10);
    for (let n = 1; ; n++) {
      await this.#until(Math.min(due, endAt));
      due += everyMs;
      const isLast = this.#now() >= endAt;
      const title = writeMark({ author: this.#client, n, sentAt: Date.now(), isLast });
      const isDone = await (n === 1
        ? this.#person.mutate('task.create', { id, listId, title }, giveUpAt)
        : this.#person.mutate('task.update', { id, fields: { title } }, giveUpAt));
      if (isLast || !isDone) return;
    }
  }

  async #goAway(at: number): Promise<void> {
    await this.#until(at);
    this.#person.cut();
    await this.#until(at + AWAY_MS);
    await waitUntil(this.#data.beginsAt + this.#times.endAt + SETTLE_MS, this.#person.connect());
  }

  async #untilComplete(deadline: number): Promise<void> {
    const isComplete = () => this.#lists.every(({ book, authors }) => book.isComplete(authors));
    while (!isComplete() && this.#now() < deadline) await pause(LOOK_EVERY_MS);
  }

  #count(lost: number[]): void {
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    if (sum(lost) > 0) warn('a client ended without all that others had written');
    METRICS.lost.add(sum(lost));
    METRICS.doubled.add(sum(this.#lists.map(({ book }) => book.doubled)));
    METRICS.outOfOrder.add(sum(this.#lists.map(({ book }) => book.outOfOrder)));
  }

  #now(): number {
    return Date.now() - this.#data.beginsAt;
  }

  #until(ms: number): Promise<void> {
    return pauseUntil(this.#data.beginsAt + ms);
  }
}
