import type { Costs } from './costs.ts';

/** What is asked of the whole deployment, at its busiest. */
export interface Demand {
  /** Pages that are open at once. */
  connections: number;
  /** Pages that have the same list open. */
  room: number;
  /** Changes that a page sends, a second. */
  changesPerPage: number;
  /** Lists that a page has open or follows, its own scope among them. */
  scopesPerPage: number;
  /** Runs that stream at once, the readers of each, the words a second of each, and how long one takes, in seconds. */
  runs: number;
  viewers: number;
  wordsPerSecond: number;
  runSeconds: number;
  /** After a cut of everything, all are back within so long, in seconds. */
  returnWithin: number;
}

/** What it is to be built of. */
export interface Machines {
  /** Of one core, how much is used at the busiest: the rest is for storms, deployments and the death of a neighbour. */
  share: number;
  /** Heap and buffers of one gateway or worker process, in bytes. */
  processBytes: number;
  /** Of Postgres's machine. */
  postgresCores: number;
}

export interface Tier {
  name: string;
  /** Cores in all, at the share that is used. */
  cores: number;
  bytes: number;
  /** How many there must be, and of what there is too little with fewer. */
  count: number;
  because: string;
}

export interface Plan {
  changesPerSecond: number;
  deliveriesPerSecond: number;
  piecesPerSecond: number;
  /** How long words wait for more of them, in milliseconds. */
  windowMs: number;
  headsPerSecond: number;
  walBytesPerSecond: number;
  storedBytesPerDay: number;
  tiers: Tier[];
  /** The tier that is nearest to its end with one of each, and what it has too little of. */
  firstToGive: string;
}

/** Between 1.8 and 2.6 s (gateway/src/bus/positioning.ts). */
const HEADS_EVERY_SECONDS = 2.2;
const MICROS = 1_000_000;
/** What the worker's pace does (worker/src/run/flush-pace.ts): 30 ms, and at most 2,000 pieces a second of a process. */
const [SHORTEST_WINDOW_MS, LONGEST_WINDOW_MS, PIECES_OF_A_WORKER] = [30, 1_000, 2_000];
/** Gateways and workers found by trying: more of them hear more packets, which wants more of them. */
const MOST_TRIES = 100;

/**
 * How many of each process carry a demand, what each tier spends, and what gives first. A model: its formulas stand in
 * docs/capacity.md beside the measurements that they are made of.
 */
export function planFor(demand: Demand, costs: Costs, machines: Machines): Plan {
  const changes = demand.connections * demand.changesPerPage;
  const deliveries = changes * demand.room;
  const returns = demand.connections / demand.returnWithin;
  const { worker, gateway, redis, postgres } = costs;

  const runStarts = demand.runs / demand.runSeconds;
  const workerMicros = demand.runs * worker.streamMicros + runStarts * worker.runMicros;
  const workers = tier('workers', workerMicros / MICROS, demand.runs * worker.runBytes, 0, machines);
  const windowMs = Math.min(
    LONGEST_WINDOW_MS,
    Math.max(SHORTEST_WINDOW_MS, (demand.runs / Math.max(1, workers.count) / PIECES_OF_A_WORKER) * 1_000),
  );
  const pieces = demand.runs * Math.min(demand.wordsPerSecond, 1_000 / windowMs);

  /** What gateways spend, if there are so many of them. */
  const gatewaysOf = (count: number): Tier => {
    const heard = changes * Math.min(demand.room, count);
    const readBy = Math.min(demand.viewers, count);
    const sent = deliveries + pieces * (demand.viewers - readBy);
    // In a storm people write less; both together are what has to be borne, at a share that leaves room.
    const micros =
      heard * gateway.packetMicros +
      pieces * readBy * gateway.pieceMicros +
      sent * gateway.deliveryMicros +
      changes * gateway.submitMicros +
      demand.connections * gateway.idleMicros +
      returns * gateway.returnMicros;
    return tier('gateways', micros / MICROS, demand.connections * gateway.connectionBytes, gateway.baseBytes, machines);
  };
  let gateways = gatewaysOf(1);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const next = gatewaysOf(gateways.count);
    if (next.count === gateways.count) break;
    gateways = next;
  }

  const toGateways = changes * Math.min(demand.room, gateways.count);
  const words = pieces * Math.min(demand.viewers, gateways.count);
  const redisMicros =
    (changes + pieces) * redis.publishMicros + (toGateways + words) * redis.deliverMicros + pieces * redis.pieceMicros;
  const openLists = (demand.connections / demand.room) * demand.scopesPerPage;
  const entries = openLists * Math.min(demand.room, gateways.count);
  const redisBytes = entries * redis.subscriptionBytes + demand.runs * redis.streamBytes;
  const redises = tier('Redis', redisMicros / MICROS, redisBytes, 0, machines);

  const heads = entries / HEADS_EVERY_SECONDS;
  const postgresMicros =
    changes * postgres.changeMicros + heads * postgres.headMicros + returns * postgres.returnMicros;
  const postgresCores = postgresMicros / MICROS / machines.share;
  const primaries = Math.max(1, Math.ceil(postgresCores / machines.postgresCores));

  const tiers: Tier[] = [
    gateways,
    workers,
    redises,
    {
      ...{ name: 'Postgres', cores: postgresMicros / MICROS, bytes: 0, count: primaries },
      because: `${machines.postgresCores} cores each`,
    },
  ];
  return {
    ...{ changesPerSecond: changes, deliveriesPerSecond: deliveries, piecesPerSecond: pieces, windowMs },
    headsPerSecond: heads,
    walBytesPerSecond: changes * postgres.walBytes,
    storedBytesPerDay: changes * postgres.storedBytes * 86_400,
    tiers,
    firstToGive: firstOf(tiers, machines),
  };
}

/** Processes of one thread each. */
function tier(name: string, cores: number, bytes: number, baseBytes: number, machines: Machines): Tier {
  const byCpu = Math.ceil(cores / machines.share);
  const byMemory = Math.ceil(bytes / Math.max(1, machines.processBytes - baseBytes));
  const count = Math.max(1, byCpu, byMemory);
  return { name, cores, bytes: bytes + count * baseBytes, count, because: byCpu >= byMemory ? 'CPU' : 'memory' };
}

/** Of which tier the most are needed, held against one of each: where growing begins. */
function firstOf(tiers: Tier[], machines: Machines): string {
  const filled = (one: Tier) =>
    one.name === 'Postgres' ? one.cores / machines.share / machines.postgresCores : one.cores / machines.share;
  const [first] = tiers.toSorted((a, b) => filled(b) - filled(a));
  return first!.name;
}
