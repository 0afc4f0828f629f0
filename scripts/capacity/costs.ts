/**
 * What things cost, measured by `npm run bench` (docs/performance.md names the day and the machine) or, where it says so,
 * by the load tests. A core is one of the machine that measured; the ratios between the figures last longer than they do.
 */
export interface Costs {
  gateway: {
    /** CPU of one delivery to one socket, once the gateway has the change, in microseconds. */
    deliveryMicros: number;
    /** CPU of one change that comes from Redis: order, fence, the frame, before the first socket, in microseconds. */
    packetMicros: number;
    /** CPU of one piece of an answer that comes from Redis, with its first reader, in microseconds. */
    pieceMicros: number;
    /** CPU of one change that a socket sends: parsing, deciding, two flights of bytes to Postgres, in microseconds. */
    submitMicros: number;
    /** CPU of one page that comes back with its positions, handshake and session included, in microseconds. */
    returnMicros: number;
    /** CPU of a connection that does nothing, for pings and the comparison of heads, in microseconds a second. */
    idleMicros: number;
    /** Memory of a connection with a list open, in bytes. */
    connectionBytes: number;
    /** Memory of the process before the first, in bytes. */
    baseBytes: number;
  };
  worker: {
    /** CPU of the worker for one run for one second of streaming, in microseconds. */
    streamMicros: number;
    /** CPU of the worker for what a run costs at its beginning and its end, in microseconds. */
    runMicros: number;
    /** Memory of a run under way, in bytes. */
    runBytes: number;
  };
  redis: {
    /** CPU of one publish, and of each gateway that it goes to, in microseconds. */
    publishMicros: number;
    deliverMicros: number;
    /** CPU of one piece of an answer: appended by a Lua call, published, and read by one gateway, in microseconds. */
    pieceMicros: number;
    /** Memory of one gateway's subscription to one list, and of a run's stream, in bytes. */
    subscriptionBytes: number;
    streamBytes: number;
  };
  postgres: {
    /** CPU of one change, in batches as they form under load, in microseconds. */
    changeMicros: number;
    /** Written ahead for one change, and kept for it in the log, in bytes. */
    walBytes: number;
    storedBytes: number;
    /** CPU of comparing one head, every three seconds by each gateway that has the list open, in microseconds. */
    headMicros: number;
    /** CPU of what one page asks when it comes back, in microseconds. */
    returnMicros: number;
  };
}

/**
 * `fan-out` and `storm` as docs/performance.md has them; the rest from short looks at `idle`, `runs` and `costs` on
 * 2026-11-22 beside other work, which makes them dearer than they are. What no part measures (memory of a run and of a
 * subscription, what Redis spends for each gateway that hears, what Postgres spends for a return) is a guess.
 */
export const COSTS: Costs = {
  gateway: {
    deliveryMicros: 13.5,
    // Of rooms of ten: what ten deliveries cost there beyond ten in a room of a thousand.
    packetMicros: 402,
    pieceMicros: 120,
    submitMicros: 260,
    returnMicros: 2_440,
    idleMicros: 25,
    connectionBytes: 47 * 2 ** 10,
    baseBytes: 180 * 2 ** 20,
  },
  worker: { streamMicros: 3_300, runMicros: 11_500, runBytes: 200 * 2 ** 10 },
  redis: { publishMicros: 13, deliverMicros: 5, pieceMicros: 70, subscriptionBytes: 200, streamBytes: 6 * 2 ** 10 },
  postgres: { changeMicros: 250, walBytes: 1_700, storedBytes: 900, headMicros: 40, returnMicros: 1_000 },
};
