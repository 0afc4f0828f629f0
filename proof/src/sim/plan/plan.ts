import { Random } from '../random.ts';

/** What people do, as often as the weights say. */
export const OPS = {
  'task.create': 20,
  'task.update': 22,
  'task.place': 14,
  'task.complete': 8,
  'task.delete': 5,
  'task.restore': 4,
  'task.assign': 4,
  'task.label': 4,
  'task.move': 3,
  'label.create': 3,
  'label.update': 2,
  'label.delete': 1,
  'list.rename': 3,
  'list.archive': 1,
  'list.create': 2,
  'list.delete': 1,
  'member.invite': 4,
  'member.remove': 4,
  'member.setRole': 2,
  'membership.update': 2,
  'settings.update': 2,
  'thread.create': 4,
  'thread.open': 6,
  'thread.rename': 2,
  'thread.delete': 1,
  'message.send': 7,
  'scope.open': 2,
  'id.taken': 1,
  'removal race': 4,
  storm: 3,
} as const;

/** What happens at once where the design warns of it, in some worlds. */
export const RACES = ['removal while it speaks', 'arrival in a storm', 'two hands at one task'] as const;
export type OpKind = keyof typeof OPS | (typeof RACES)[number];

/** What goes wrong, as often as the weights say. */
export const FAULTS = {
  'packets dropped': 6,
  'packets doubled': 3,
  'packets reordered': 5,
  'packets delayed': 4,
  'socket cut': 8,
  'acknowledgement lost': 7,
  'gateway cut from Redis': 4,
  'gateway killed': 4,
  'gateway killed before publishing': 4,
  'gateway frozen': 3,
  'gateway drained': 2,
  'commit broken before it is stored': 4,
  'commit broken after it was stored': 5,
  'commit paused between its flights': 8,
  'connection lost while it commits': 5,
  'Postgres slow': 4,
  'Postgres away': 2,
  'tab crashed': 6,
  'tab frozen': 4,
  'tab offline': 6,
  'clock skewed': 2,
  'storage copied': 2,
  'reader slow': 3,
  'worker killed': 5,
  'worker frozen': 5,
  restored: 1,
} as const;
export type FaultKind = keyof typeof FAULTS;

/** One step of a plan. What it means in detail, its own number decides: leaving others out does not change it. */
export type Step =
  | { at: number; salt: number; is: 'op'; kind: OpKind; tab: number }
  | { at: number; salt: number; is: 'fault'; kind: FaultKind; lastsMs: number };

export interface Plan {
  seed: number;
  people: number;
  /** Tabs: each is of a device, each device of a person. */
  devices: { person: number; tabs: number }[];
  /** A long snapshot comes in pages of so many bytes. */
  pageBytes: number;
  /** Faults are over, and people rest, from here on. */
  endsAt: number;
  steps: Step[];
}

const MOST_TABS = 6;
/** As many as the product's, and so few that four tasks are a long snapshot. */
const PAGES = { usual: 900_000, small: 2_000 };

/** The plan of a seed: who is there, what they do, what goes wrong. */
export function makePlan(seed: number): Plan {
  const random = new Random(seed, 'plan');
  const people = random.int(2, 4);
  const devices: Plan['devices'] = [];
  let tabs = 0;
  for (let person = 0; person < people; person++) {
    const of = random.chance(0.25) ? 2 : 1;
    for (let device = 0; device < of && tabs < MOST_TABS; device++) {
      const open = random.chance(0.4) && tabs < MOST_TABS - 1 ? 2 : 1;
      devices.push({ person, tabs: open });
      tabs += open;
    }
  }
  const endsAt = random.int(3_000, 12_000);
  const salt = () => random.next32();
  const steps: Step[] = [];
  const ops = random.int(15, 50);
  for (let op = 0; op < ops; op++) {
    // In bursts: what happens at once is what breaks.
    const at =
      random.chance(0.3) && steps.length > 0 ? steps.at(-1)!.at + random.between(0, 40) : random.between(300, endsAt);
    steps.push({ at, salt: salt(), is: 'op', kind: random.weighted(OPS), tab: random.int(0, tabs - 1) });
  }
  const faults = random.chance(0.1) ? 0 : random.int(1, 9);
  let isRestored = false;
  for (let fault = 0; fault < faults; fault++) {
    const kind = random.weighted(FAULTS);
    const at = random.between(200, endsAt * 0.95);
    const lastsMs = random.between(100, 6_000);
    const step: Step = { at, salt: salt(), is: 'fault', kind, lastsMs };
    if (kind === 'restored' && isRestored) continue;
    isRestored ||= kind === 'restored';
    steps.push(step);
  }
  // Each drawn apart: whoever adds to them leaves the rest of every world as it was.
  const more = new Random(seed, 'more');
  for (const kind of RACES) {
    const drawn = kind === 'two hands at one task' ? new Random(seed, 'hands') : more;
    // The first tab is of somebody who may remove others.
    const step: Step = { at: drawn.between(400, 2_500), salt: drawn.next32(), is: 'op', kind, tab: 0 };
    if (drawn.chance(0.35)) steps.push(step);
  }
  const isLong = steps.some(({ kind }) => kind === 'arrival in a storm') || more.chance(0.15);
  const pageBytes = isLong ? PAGES.small : PAGES.usual;
  steps.sort((a, b) => a.at - b.at);
  return { seed, people, devices, pageBytes, endsAt, steps };
}

export function describeStep(step: Step): string {
  const at = `${Math.round(step.at)} ms`.padStart(9);
  if (step.is === 'op') return `${at}  tab ${step.tab}: ${step.kind}`;
  return `${at}  ${step.kind} (${Math.round(step.lastsMs)} ms)`;
}
