/** What a run of the proof may show to be broken: the promises by name, each with what it says. */
export const PROMISES = {
  'P1 acknowledged': 'what was acknowledged, or kept on a disk, stands in the log or was refused in words',
  'P1 once': 'each mutation applies once, whatever is sent again',
  'P1 in turn': 'a client that sends its mids in order is never told that they are not',
  'P2 contiguous': "a scope's numbers have no gap and no double, and end at its head",
  'P2 same order': 'every client hears the same change under the same number',
  'P2 gapless': 'a gateway leaves nothing out between an answer and what follows it',
  'P2 no flicker': 'what a person did stays in their sight from then on',
  'P2 equal at rest': 'at rest all hold what the server holds, stored and visible',
  'P2 order of tasks': 'at rest all show the tasks in the same order',
  'P2 pending': 'at rest nothing waits',
  'P3 staleness': 'a committed change is shown in time once all is well',
  'P4 removed': 'a removed member receives nothing that was committed after the removal',
  'P4 strangers': 'nobody receives what they never had a right to, nor changes it',
  'P4 told': 'a removed member is told in time once all is well',
  'P5 history': 'the log alone gives the rows, and holds every value that was overwritten',
  'runs end': 'no run is stuck',
  'run texts': "what was streamed is what is stored: every viewer's words are exact",
  'tools once': "a tool call's effect happens once",
  approvals: 'what needs a yes is done once somebody has said it, and the first answer stands',
  'processes live': 'no process ends by a fault that nobody caught',
} as const;
export type PromiseName = keyof typeof PROMISES;

export interface Violation {
  promise: PromiseName;
  /** In words, for whoever looks into it. */
  what: string;
  /** The ids concerned: scope, seq, client, run. */
  objects: Record<string, unknown>;
}

export const violation = (promise: PromiseName, what: string, objects: Record<string, unknown> = {}): Violation => ({
  promise,
  what,
  objects,
});
