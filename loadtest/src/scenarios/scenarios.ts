/** What there is to run and how large it is unless one says otherwise. Read by k6's programs and by the one that runs k6. */
export interface ScenarioSize {
  /** Open pages; in `chats`, conversations. */
  vus: number;
  seconds: number;
  /** Changes a second of all together; in `chats`, words a second of each answer. */
  rate: number;
  /** Who reads each answer, its asker among them. */
  viewers: number;
}

export interface ScenarioKind {
  about: string;
  size: ScenarioSize;
}

export const SCENARIOS = {
  smoke: {
    about: 'a few people and a few answers, for a minute',
    size: { vus: 8, seconds: 60, rate: 4, viewers: 2 },
  },
  fanout: {
    about: 'one list that all have open',
    size: { vus: 500, seconds: 60, rate: 10, viewers: 1 },
  },
  teams: {
    about: 'many lists, people who read more than they write',
    size: { vus: 300, seconds: 60, rate: 40, viewers: 1 },
  },
  chats: {
    about: 'answers that stream at once, each with its viewers',
    size: { vus: 200, seconds: 30, rate: 20, viewers: 3 },
  },
  storm: {
    about: 'all are cut off and come back at once, with positions',
    size: { vus: 2_000, seconds: 30, rate: 20, viewers: 1 },
  },
  spike: {
    about: 'ten times the people within seconds, for a while',
    size: { vus: 500, seconds: 60, rate: 20, viewers: 1 },
  },
  soak: {
    about: 'a steady load for a long time',
    size: { vus: 100, seconds: 600, rate: 20, viewers: 1 },
  },
} as const satisfies Record<string, ScenarioKind>;

export type ScenarioName = keyof typeof SCENARIOS;
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];

/** The environment of k6's programs. */
export const VARIABLES = {
  url: 'MUSTER_URL',
  summary: 'MUSTER_SUMMARY',
  vus: 'MUSTER_VUS',
  seconds: 'MUSTER_SECONDS',
  rate: 'MUSTER_RATE',
  viewers: 'MUSTER_VIEWERS',
} as const;
