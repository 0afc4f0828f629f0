import { AGENT_ID } from '@muster/protocol/principal';
import type { Task } from '@muster/protocol/task';
import { posesBetween } from '@muster/domain/ordering';
import { FakeClient } from './fake-client.ts';

/** Ids of the scene below. */
export const IDS = {
  ada: '00000000-0000-7000-8000-0000000000a1',
  grace: '00000000-0000-7000-8000-0000000000a3',
  linus: '00000000-0000-7000-8000-0000000000a2',
  offsite: '00000000-0000-7000-8000-000000000101',
  launch: '00000000-0000-7000-8000-000000000102',
  home: '00000000-0000-7000-8000-000000000103',
  reading: '00000000-0000-7000-8000-000000000104',
  thread: '00000000-0000-7000-8000-000000000301',
} as const;

const NONE: Omit<Task, 'listId' | 'title' | 'pos'> = {
  parentId: null,
  notes: '',
  done: false,
  doneAt: null,
  due: null,
  priority: 'none',
  assigneeIds: [],
  labelIds: [],
  createdAt: 1_700_000_000_000,
  createdBy: IDS.ada,
};
const idOfTask = (n: number): string => `00000000-0000-7000-8000-0000000002${String(n).padStart(2, '0')}`;
const dayFrom = (now: number, days: number): string => new Date(now + days * 86_400_000).toISOString().slice(0, 10);

/** Ada's browser with four lists, one of them lived in: the scene of the design's pictures. */
export function offsite(now: number = Date.now()): FakeClient {
  const client = new FakeClient(IDS.ada);
  client.profiles.set(IDS.ada, { name: 'Ada Lovelace', image: null, kind: 'person' });
  client.profiles.set(IDS.grace, { name: 'Grace Hopper', image: null, kind: 'person' });
  client.profiles.set(IDS.linus, { name: 'Linus T.', image: null, kind: 'person' });
  client.profiles.set(AGENT_ID, { name: 'Agent', image: null, kind: 'agent' });
  const lists = [
    [IDS.offsite, 'Lisbon offsite', 3],
    [IDS.launch, 'Launch week', 1],
    [IDS.home, 'Home', 3],
    [IDS.reading, 'Reading', 3],
  ] as const;
  const places = posesBetween(null, null, lists.length);
  lists.forEach(([id, title, seenSeq], at) => {
    client.seqs.set(`list:${id}`, 3);
    client.put(`list:${id}`, 'list', id, { title, archivedAt: null, createdAt: now });
    client.put(`list:${id}`, 'member', IDS.ada, { role: 'owner' });
    client.put(`user:${IDS.ada}`, 'membership', id, { role: 'owner', pos: places[at] ?? 'a', muted: false, seenSeq });
  });
  client.put(`list:${IDS.offsite}`, 'member', IDS.grace, { role: 'editor' });
  client.put(`list:${IDS.offsite}`, 'member', IDS.linus, { role: 'viewer' });
  const label = (n: number, name: string, color: 'blue' | 'green' | 'gray'): string => {
    const id = `00000000-0000-7000-8000-0000000004${String(n).padStart(2, '0')}`;
    client.put(`list:${IDS.offsite}`, 'label', id, { name, color });
    return id;
  };
  const [travel, food, work] = [label(1, 'travel', 'blue'), label(2, 'food', 'green'), label(3, 'work', 'gray')];
  const tasks: (Partial<Task> & { title: string })[] = [
    {
      title: 'Send the passport list to the hotel',
      priority: 'urgent',
      due: { date: dayFrom(now, -1) },
      assigneeIds: [IDS.ada],
    },
    {
      title: 'Book the train from the airport',
      priority: 'high',
      due: { date: dayFrom(now, 0), time: '23:30' },
      assigneeIds: [IDS.grace],
      labelIds: [travel],
      notes: 'Fourteen seats, one carriage if it can be had.\n\n- Two people with bicycles\n- Invoice to the office',
    },
    { title: 'Collect diets and allergies from everyone', labelIds: [food], due: { date: dayFrom(now, 4) } },
    { title: 'Ask Marta about gluten', parentId: idOfTask(2), assigneeIds: [IDS.linus] },
    { title: 'Answer the caterer', parentId: idOfTask(2) },
    { title: 'Reserve a table for 14 near Alfama', due: { date: dayFrom(now, 5) }, assigneeIds: [AGENT_ID] },
    { title: 'Tour of the tile museum, morning of day two', due: { date: dayFrom(now, 6) }, assigneeIds: [AGENT_ID] },
    { title: 'Draft the agenda for the strategy session', labelIds: [work], assigneeIds: [IDS.grace] },
    { title: 'Print name badges' },
    ...Array.from({ length: 12 }, (_, n) => ({ title: `Done thing ${n + 1}`, done: true, doneAt: now - n * 1000 })),
  ];
  const poses = posesBetween(null, null, tasks.length);
  tasks.forEach((task, n) =>
    client.put(`list:${IDS.offsite}`, 'task', idOfTask(n), {
      ...NONE,
      listId: IDS.offsite,
      pos: poses[n] ?? 'a',
      ...task,
    }),
  );
  for (let n = 0; n < 12; n++) {
    const pos = posesBetween(null, null, 12)[n] ?? 'a';
    client.put(`list:${IDS.home}`, 'task', idOfTask(50 + n), {
      ...NONE,
      listId: IDS.home,
      pos,
      title: `Thing at home ${n + 1}`,
    });
  }
  client.put(`list:${IDS.offsite}`, 'thread', IDS.thread, {
    ...{
      kind: 'chat' as const,
      title: 'Plan the three days',
      status: 'open' as const,
      createdAt: now,
      createdBy: IDS.grace,
    },
  });
  client.whoIs.set(`list:${IDS.offsite}`, [
    { id: IDS.grace, state: {} },
    { id: IDS.linus, state: {} },
    { id: IDS.ada, state: {} },
  ]);
  return client;
}
