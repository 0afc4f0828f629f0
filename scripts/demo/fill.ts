import { setTimeout as delay } from 'node:timers/promises';
import { enter, type Person } from './api.ts';
import { LISTS, PEOPLE, QUESTIONS, THREAD_TITLE, type DemoList, type DemoTask } from './content.ts';

type Who = keyof typeof PEOPLE;
interface Item {
  id: string;
  title: string;
}
interface Page<T> {
  items: T[];
  next?: string;
}

const ENDED = new Set(['completed', 'failed', 'stopped']);
const RUN_WITHIN_MS = 120_000;

/**
 * Fills a running product by its public API. What is there already stays as it is, so that it can be run again, also
 * after it was cut short.
 */
export async function fillDemo(url: string, say: (line: string) => void): Promise<void> {
  const people = { ada: await enter(url, PEOPLE.ada), ben: await enter(url, PEOPLE.ben) };
  const ids = { ada: await findOwnId(people.ada), ben: await findOwnId(people.ben) };
  for (const list of LISTS) await fillList(list, people, ids, say);
  await talk(people, say);
}

/** One's own id is among the members of any list of one's own. */
async function findOwnId(person: Person): Promise<string> {
  const lists = await listAll<Item & { role: string }>(person, '/lists');
  const own =
    lists.find(({ role }) => role === 'owner') ?? (await person.post<Item>('/lists', { title: firstTitle(person) }));
  const members = await listAll<{ userId: string; name: string }>(person, `/lists/${own.id}/members`);
  const self = members.find(({ name }) => name === person.name);
  if (self === undefined) throw new Error(`${person.name} is no member of their own list.`);
  return self.userId;
}

function firstTitle(person: Person): string {
  const list = LISTS.find(({ owner }) => PEOPLE[owner].name === person.name);
  if (list === undefined) throw new Error(`${person.name} owns no list of the demo.`);
  return list.title;
}

async function fillList(
  { title, owner, sharedWith, tasks }: DemoList,
  people: Record<Who, Person>,
  ids: Record<Who, string>,
  say: (line: string) => void,
): Promise<void> {
  const person = people[owner];
  const known = (await listAll<Item>(person, '/lists')).find((list) => list.title === title);
  const list = known ?? (await person.post<Item>('/lists', { title }));
  if (sharedWith !== undefined) await share(person, list.id, sharedWith, ids[sharedWith.who]);
  const present = new Set((await listAll<Item>(person, `/lists/${list.id}/tasks`)).map((task) => task.title));
  const missing = tasks.filter((task) => !present.has(task.title));
  for (const task of missing) await addTask(person, list.id, task, ids);
  say(`${title}: ${missing.length === 0 ? 'is there already' : `${missing.length} tasks added`}.`);
}

async function share(
  person: Person,
  listId: string,
  { who, role }: { who: Who; role: string },
  userId: string,
): Promise<void> {
  const members = await listAll<{ userId: string }>(person, `/lists/${listId}/members`);
  if (members.some((member) => member.userId === userId)) return;
  await person.post(`/lists/${listId}/members`, { email: PEOPLE[who].email, role });
}

async function addTask(person: Person, listId: string, task: DemoTask, ids: Record<Who, string>): Promise<void> {
  const made = await person.post<Item>(`/lists/${listId}/tasks`, {
    title: task.title,
    ...(task.notes === undefined ? {} : { notes: task.notes }),
    ...(task.priority === undefined ? {} : { priority: task.priority }),
    ...(task.inDays === undefined ? {} : { due: dueIn(task.inDays, task.time) }),
    ...(task.assignees === undefined ? {} : { assigneeIds: task.assignees.map((who) => ids[who]) }),
  });
  for (const step of task.steps ?? []) {
    const child = await person.post<Item>(`/lists/${listId}/tasks`, { title: step.title, parentId: made.id });
    if (step.isDone === true) await person.patch(`/tasks/${child.id}`, { done: true });
  }
  if (task.isDone === true) await person.patch(`/tasks/${made.id}`, { done: true });
}

async function talk(people: Record<Who, Person>, say: (line: string) => void): Promise<void> {
  const list = (await listAll<Item>(people.ada, '/lists')).find(({ title }) => title === LISTS[0]?.title);
  if (list === undefined) throw new Error('The first list is gone.');
  const threads = await listAll<Item & { listId: string | null }>(people.ada, '/threads');
  const known = threads.find(({ listId, title }) => listId === list.id && title === THREAD_TITLE);
  const thread = known ?? (await people.ada.post<Item>('/threads', { listId: list.id, title: THREAD_TITLE }));
  const messages = await listAll<{ text: string }>(people.ada, `/threads/${thread.id}/messages`);
  for (const { who, text } of QUESTIONS) {
    if (messages.some((message) => message.text === text)) continue;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const { runId } = await people[who].post<{ runId: string }>(`/threads/${thread.id}/messages`, { text, zone });
    const status = await waitForRun(people[who], runId);
    say(`${people[who].name} asks "${text}": ${status}.`);
  }
}

async function waitForRun(person: Person, runId: string): Promise<string> {
  const deadline = Date.now() + RUN_WITHIN_MS;
  for (;;) {
    const { status } = await person.get<{ status: string }>(`/runs/${runId}`);
    if (ENDED.has(status)) return status;
    if (Date.now() > deadline) throw new Error('The agent does not answer: are the workers running?');
    await delay(300);
  }
}

async function listAll<T>(person: Person, path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const page: Page<T> = await person.get<Page<T>>(`${path}${query}`);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

/** A day counted from today, here; with a time it is an instant. */
function dueIn(days: number, time: string | undefined): { date: string; time?: string; zone?: string } {
  const day = new Date();
  day.setDate(day.getDate() + days);
  const date = [day.getFullYear(), day.getMonth() + 1, day.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
  return time === undefined ? { date } : { date, time, zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}
