import type pg from 'pg';

/** What pg gives a query that submits itself (as pg-cursor does). */
interface WireConnection {
  stream: { write(bytes: Buffer): void };
}

export interface Step {
  /** A statement that was prepared on this connection under that name. */
  statement: string;
  /** As text, or as Postgres's binary format. */
  values: (string | Buffer | null)[];
}

/**
 * Prepared statements that go out in one write with one sync, and whose answers come in one read. pg's own pipeline
 * gives each statement a sync of its own, hence a packet and a wake-up on either side. After an error Postgres skips the
 * rest up to the sync, a `commit` too.
 */
export class Flight {
  readonly #steps: Step[];
  readonly #columns: (string | null)[] = [];
  readonly #commands: string[] = [];
  #error: Error | undefined;
  readonly #settle: (error: Error | undefined, result: FlightResult) => void;

  private constructor(steps: Step[], settle: (error: Error | undefined, result: FlightResult) => void) {
    this.#steps = steps;
    this.#settle = settle;
  }

  static run(client: pg.Client, steps: Step[]): Promise<FlightResult> {
    return new Promise((resolve, reject) => {
      const flight = new Flight(steps, (error, result) => (error ? reject(error) : resolve(result)));
      client.query(flight as unknown as pg.Submittable);
    });
  }

  submit(connection: WireConnection): void {
    connection.stream.write(toMessages(this.#steps));
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#columns.push(fields[0] ?? null);
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#commands.push(text);
  }

  handleReadyForQuery(): void {
    this.#settle(this.#error, { columns: this.#columns, commands: this.#commands });
  }

  /** pg forgets a query once it failed: the answer is given here, and the sync is awaited by whatever follows. */
  handleError(error: Error): void {
    this.#error = error;
    this.#settle(error, { columns: [], commands: [] });
  }

  handleRowDescription(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
}

export interface FlightResult {
  /** The first column of each row that came, in order. */
  columns: (string | null)[];
  /** `BEGIN`, `SELECT 1`, `COMMIT` … */
  commands: string[];
}

const [BIND, EXECUTE, SYNC] = ['B', 'E', 'S'].map((letter) => letter.charCodeAt(0)) as [number, number, number];
/** An Execute of the unnamed portal with no limit, and a Sync: length, then what there is. */
const EXECUTE_BYTES = 10;
const SYNC_BYTES = 5;
/** Bind's type and length, the unnamed portal, the end of the statement's name, and three counts of two bytes each. */
const BIND_BYTES = 5 + 1 + 1 + 6;
const NULL_LENGTH = -1;
const [TEXT, BINARY] = [0, 1];

/**
 * Bind and Execute of each step, one Sync, as one piece of bytes: results are text. A piece for each message costs Node
 * more than all of its own work on a small flight.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
function toMessages(steps: Step[]): Buffer {
  const lengths = steps.map(({ values }) => values.map((value) => (value === null ? 0 : Buffer.byteLength(value))));
  const formats = steps.map(({ values }) => (values.some(Buffer.isBuffer) ? values.map(formatOf) : []));
  const bindLengths = steps.map(
    ({ statement }, step) =>
      BIND_BYTES +
      statement.length +
      2 * (formats[step] as number[]).length +
      (lengths[step] as number[]).reduce((sum, length) => sum + 4 + length, 0),
  );
  const bytes = Buffer.allocUnsafe(bindLengths.reduce((sum, length) => sum + length + EXECUTE_BYTES, SYNC_BYTES));
  let at = 0;
  steps.forEach(({ statement, values }, step) => {
    bytes[at] = BIND;
    at = bytes.writeInt32BE((bindLengths[step] as number) - 1, at + 1);
    bytes[at++] = 0;
    at += bytes.write(statement, at, 'latin1');
    bytes[at++] = 0;
    // None means that all are text.
    at = bytes.writeInt16BE((formats[step] as number[]).length, at);
    for (const format of formats[step] as number[]) at = bytes.writeInt16BE(format, at);
    at = bytes.writeInt16BE(values.length, at);
    values.forEach((value, index) => {
      const length = (lengths[step] as number[])[index] as number;
      at = bytes.writeInt32BE(value === null ? NULL_LENGTH : length, at);
      if (Buffer.isBuffer(value)) at += value.copy(bytes, at);
      else if (value !== null) at += bytes.write(value, at, length, 'utf8');
    });
    at = bytes.writeInt16BE(0, at);
    bytes[at] = EXECUTE;
    at = bytes.writeInt32BE(EXECUTE_BYTES - 1, at + 1);
    bytes[at++] = 0;
    at = bytes.writeInt32BE(0, at);
  });
  bytes[at] = SYNC;
  bytes.writeInt32BE(SYNC_BYTES - 1, at + 1);
  return bytes;
}

const formatOf = (value: string | Buffer | null): number => (Buffer.isBuffer(value) ? BINARY : TEXT);

const PLAIN = /^[0-9A-Za-z:_-]+$/;

/** A text[] as Postgres reads it. */
export const textArray = (values: string[]): string =>
  `{${values.map((value) => (PLAIN.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`)).join(',')}}`;
