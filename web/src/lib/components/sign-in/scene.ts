import { AGENT_ID } from '@muster/protocol/principal';

/** The people of the list beside the card. Their ids are chosen for their hues. */
export const ADA = { id: 'ada-2', name: 'Ada Lovelace', hue: '--color-who-1' };
export const GRACE = { id: 'grace-1', name: 'Grace Hopper', hue: '--color-who-2' };
export const AGENT = { id: AGENT_ID, name: 'Agent', hue: '--color-agent' };
export type Hand = typeof ADA;

export interface SceneTask {
  id: number;
  title: string;
  due?: string;
  who?: Hand;
  isDone?: boolean;
  /** Who touched it last, and how often it was touched: each touch glows once. */
  glow?: { hue: string; nth: number };
}

/** What the list looks like at a moment, and whose pointer is where (a task's id, or the line below the last). */
export interface Scene {
  tasks: SceneTask[];
  pointer: { hand: Hand; at: number | 'end' } | undefined;
  /** What is being written, letter by letter. */
  writing: { hand: Hand; text: string } | undefined;
}

export type Step =
  | { do: 'point'; hand: Hand; at: number | 'end'; ms: number }
  | { do: 'leave'; ms: number }
  | { do: 'check'; hand: Hand; id: number; ms: number }
  | { do: 'write'; hand: Hand; text: string; ms: number }
  | { do: 'add'; hand: Hand; task: SceneTask; ms: number }
  | { do: 'move'; hand: Hand; id: number; to: number; ms: number }
  | { do: 'set'; hand: Hand; id: number; due?: string; who?: Hand; ms: number };

const first: SceneTask[] = [
  { id: 1, title: 'Give the keys to the neighbours', who: ADA },
  { id: 2, title: 'Order forty boxes', due: 'Sat 7 Mar', who: GRACE },
  { id: 3, title: 'Measure the new hallway' },
];

/** The scene at rest, which is also the whole of it where motion is not wanted. */
export const STILL: Scene = {
  tasks: [
    { id: 1, title: 'Give the keys to the neighbours', isDone: true },
    { id: 2, title: 'Order forty boxes', due: 'Sat 7 Mar', who: GRACE },
    { id: 4, title: 'Call the power company', due: 'Mon 9 Mar', who: AGENT, glow: { hue: AGENT.hue, nth: 0 } },
    { id: 5, title: 'Read the meters', who: AGENT, glow: { hue: AGENT.hue, nth: 0 } },
    { id: 6, title: 'Label the kitchen first', glow: { hue: GRACE.hue, nth: 0 } },
  ],
  pointer: { hand: GRACE, at: 'end' },
  writing: undefined,
};

export const BEGINNING: Scene = { tasks: first, pointer: undefined, writing: undefined };

/** One morning, again and again. Titles are written at a hand's pace: see live-list. */
export const STEPS: Step[] = [
  { do: 'point', hand: ADA, at: 1, ms: 1400 },
  { do: 'check', hand: ADA, id: 1, ms: 1300 },
  { do: 'leave', ms: 500 },
  { do: 'add', hand: AGENT, task: { id: 4, title: 'Call the power company', due: 'Mon 9 Mar', who: AGENT }, ms: 650 },
  { do: 'add', hand: AGENT, task: { id: 5, title: 'Read the meters', who: AGENT }, ms: 1900 },
  { do: 'point', hand: GRACE, at: 'end', ms: 700 },
  { do: 'write', hand: GRACE, text: 'Label the kitchen first', ms: 400 },
  { do: 'add', hand: GRACE, task: { id: 6, title: 'Label the kitchen first' }, ms: 1600 },
  { do: 'point', hand: GRACE, at: 3, ms: 900 },
  { do: 'check', hand: GRACE, id: 3, ms: 1500 },
  { do: 'point', hand: ADA, at: 6, ms: 1000 },
  { do: 'move', hand: ADA, id: 6, to: 1, ms: 1700 },
  { do: 'point', hand: ADA, at: 4, ms: 900 },
  { do: 'set', hand: ADA, id: 4, who: ADA, ms: 2200 },
  { do: 'point', hand: GRACE, at: 2, ms: 1000 },
  { do: 'check', hand: GRACE, id: 2, ms: 4200 },
];

/** The next moment. Pure. */
export function play(scene: Scene, step: Step): Scene {
  const touch = (id: number, hand: Hand, change: Partial<SceneTask>): SceneTask[] =>
    scene.tasks.map((task) =>
      task.id === id ? { ...task, ...change, glow: { hue: hand.hue, nth: (task.glow?.nth ?? 0) + 1 } } : task,
    );
  switch (step.do) {
    case 'point':
      return { ...scene, pointer: { hand: step.hand, at: step.at } };
    case 'leave':
      return { ...scene, pointer: undefined };
    case 'check':
      return { ...scene, tasks: touch(step.id, step.hand, { isDone: true }) };
    case 'write':
      return { ...scene, writing: { hand: step.hand, text: step.text } };
    case 'add':
      return {
        ...scene,
        writing: undefined,
        tasks: [...scene.tasks, { ...step.task, glow: { hue: step.hand.hue, nth: 1 } }],
      };
    case 'move': {
      const touched = touch(step.id, step.hand, {});
      const moved = touched.find((task) => task.id === step.id);
      if (!moved) return scene;
      return { ...scene, tasks: touched.filter((task) => task !== moved).toSpliced(step.to, 0, moved) };
    }
    case 'set':
      return {
        ...scene,
        tasks: touch(step.id, step.hand, {
          ...(step.due ? { due: step.due } : {}),
          ...(step.who ? { who: step.who } : {}),
        }),
      };
  }
}
