/** Who is where, and who writes how much: the same for setup and for every process of k6's. */
export interface CrowdOptions {
  /** Open pages. */
  clients: number;
  lists: number;
  /** How many of them each client opens. */
  listsEach: number;
  authorsPerList: number;
  /** Of all authors together. */
  changesPerSecond: number;
  seconds: number;
  /** Over which time they come. */
  rampSeconds: number;
  /** All who only read are cut off in the middle, and come back at once after this long. */
  stormAfterSeconds?: number;
  /** Clients from this one on come within a few seconds in the middle of the time, and leave again. */
  regulars?: number;
}

/** A list holds at most 500 people: more clients are more pages of the same people. */
export const PEOPLE_AT_MOST = 500;
/** More and one process of k6's would be busy with its own clients. */
const CLIENTS_PER_CARRIER = 25;
const COME_WITHIN_SECONDS = 4;
/** For last changes to arrive and for clients who lost their connection to come back. */
export const SETTLE_MS = 20_000;
/** Two clients of a thousand come a millisecond apart: what the limit of handshakes of one address leaves room for. */
const CLIENTS_PER_SECOND = 200;

export const carriersOf = (clients: number): number => Math.ceil(clients / CLIENTS_PER_CARRIER);
export const rampFor = (clients: number): number => Math.max(1, Math.ceil(clients / CLIENTS_PER_SECOND));
export const peopleOf = ({ clients }: Pick<CrowdOptions, 'clients'>): number => Math.min(clients, PEOPLE_AT_MOST);

export interface CrowdPlan {
  people: number;
  /** The people of each list; the first is its owner. */
  members: number[][];
  /** The clients that write in each list. */
  authors: number[][];
  /** The lists that a client opens. */
  listsOf(client: number): number[];
}

export function planCrowd(options: CrowdOptions): CrowdPlan {
  const { clients, lists, listsEach, authorsPerList } = options;
  const people = peopleOf(options);
  // Clients of one person open the same lists; steps spread people who share one list over others.
  const listsOfPerson = (person: number) => {
    const wanted = Math.min(listsEach, lists);
    const found = new Set<number>();
    const stride = 1 + (person % 7);
    // Where the stride runs in a circle, the next round begins one further.
    for (let step = 0; found.size < wanted; step++)
      found.add((person + step * stride + Math.floor(step / lists)) % lists);
    return [...found];
  };
  const members: number[][] = Array.from({ length: lists }, () => []);
  for (let person = 0; person < people; person++) {
    for (const list of listsOfPerson(person)) members[list]!.push(person);
  }
  const authors = members.map((ofList) => ofList.slice(0, authorsPerList));
  return { people, members, authors, listsOf: (client) => (client < clients ? listsOfPerson(client % people) : []) };
}

/** When, in ms after the beginning, each of the crowd does what. */
export function timesOf(options: CrowdOptions) {
  const { seconds, rampSeconds, clients, regulars = clients, stormAfterSeconds } = options;
  const writeFrom = rampSeconds * 1_000;
  const endAt = writeFrom + seconds * 1_000;
  const spikeAt = writeFrom + (endAt - writeFrom) / 3;
  const leaveAt = writeFrom + ((endAt - writeFrom) * 2) / 3;
  const cutAt = stormAfterSeconds === undefined ? undefined : writeFrom + stormAfterSeconds * 1_000;
  return {
    writeFrom,
    endAt,
    cutAt,
    comesAt: (client: number) =>
      client < regulars
        ? (client / Math.max(1, regulars)) * writeFrom
        : spikeAt + ((client - regulars) / Math.max(1, clients - regulars)) * COME_WITHIN_SECONDS * 1_000,
    /** Undefined: stays to the end. */
    leavesAt: (client: number) => (client < regulars ? undefined : leaveAt),
    /** How long all of it may take. */
    longestMs: endAt + SETTLE_MS + 15_000,
  };
}
