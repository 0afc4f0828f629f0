/** Postgres's own object ids of the types that rows have: they never change. https://www.postgresql.org/docs/current/catalog-pg-type.html */
const OIDS = { bool: 16, int8: 20, int4: 23, text: 25, 'text[]': 1009, jsonb: 3802 } as const;
type Kind = keyof typeof OIDS;

/** Composite types of the database, with the types of their columns in order (migration 0015). */
const TYPES = {
  commit_client_row: ['text', 'text', 'int8', 'int8'],
  commit_scope_row: ['text', 'int8', 'int8', 'int4', 'int8', 'int4', 'text'],
  commit_acl_row: ['text', 'int8'],
  commit_role_row: ['text', 'text', 'text'],
  commit_task_row: [
    ...(['text', 'text', 'text', 'text', 'text', 'bool', 'int8', 'jsonb', 'text', 'jsonb', 'jsonb', 'text'] as const),
    ...(['int8', 'text', 'int8', 'text', 'jsonb'] as const),
  ],
  commit_change_row: [
    ...(['text', 'int8', 'text', 'text', 'text', 'text', 'int8', 'text', 'int8', 'int8'] as const),
    ...(['jsonb', 'jsonb', 'jsonb', 'int8', 'text[]'] as const),
  ],
} satisfies Record<string, readonly Kind[]>;

export type RowType = keyof typeof TYPES;
export const ROW_TYPES = Object.keys(TYPES) as RowType[];

/** Rows of a composite type: a column is null or undefined, or what its type takes. */
export interface Rows {
  type: RowType;
  rows: readonly (readonly unknown[])[];
}

const NULL_LENGTH = -1;
const JSONB_VERSION = 1;
/** Nothing that a column of fixed length or a header takes is longer. */
const MOST_FIXED = 32;
const FIRST_BYTES = 16_384;
/** A call into Node's own writing costs as much as a loop over so many letters. */
const SHORT = 64;

/** Bytes that grow: one for the process, since nothing is awaited while rows are written. */
let bytes = Buffer.alloc(FIRST_BYTES);
/** Its own methods check every argument: this is several times as fast. */
let view = new DataView(bytes.buffer, bytes.byteOffset);
let at = 0;

function need(length: number): void {
  if (at + length <= bytes.length) return;
  const longer = Buffer.alloc(Math.max(bytes.length * 2, at + length));
  bytes.copy(longer, 0, 0, at);
  bytes = longer;
  view = new DataView(bytes.buffer, bytes.byteOffset);
}

function int4(value: number): void {
  view.setInt32(at, value);
  at += 4;
}

function int8(value: number): void {
  view.setInt32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value >>> 0);
  at += 8;
}

/** With its length before it. */
function text(value: string): void {
  // UTF-8 takes at most three bytes for what is one unit of UTF-16.
  need(MOST_FIXED + value.length * 3);
  const start = at;
  at += 4;
  letters(value);
  view.setInt32(start, at - start - 4);
}

function letters(value: string): void {
  const { length } = value;
  if (length <= SHORT) {
    let index = 0;
    for (; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) break;
      bytes[at + index] = code;
    }
    if (index === length) {
      at += length;
      return;
    }
  }
  at += bytes.write(value, at, 'utf8');
}

function jsonb(value: unknown): void {
  const json = Array.isArray(value) && value.length === 0 ? '[]' : JSON.stringify(value);
  need(MOST_FIXED + json.length * 3);
  const start = at;
  at += 4;
  bytes[at++] = JSONB_VERSION;
  letters(json);
  view.setInt32(start, at - start - 4);
}

function textArray(values: readonly string[]): void {
  const start = at;
  at += 4;
  arrayHeader(OIDS.text, values.length);
  for (const value of values) text(value);
  view.setInt32(start, at - start - 4);
}

function arrayHeader(oid: number, length: number): void {
  need(MOST_FIXED);
  int4(length === 0 ? 0 : 1);
  int4(0);
  int4(oid);
  if (length === 0) return;
  int4(length);
  int4(1);
}

function column(kind: Kind, value: unknown): void {
  need(MOST_FIXED);
  int4(OIDS[kind]);
  if (value === null || value === undefined) {
    int4(NULL_LENGTH);
    return;
  }
  switch (kind) {
    case 'bool':
      int4(1);
      bytes[at++] = value ? 1 : 0;
      return;
    case 'int4':
      int4(4);
      int4(value as number);
      return;
    case 'int8':
      int4(8);
      return int8(value as number);
    case 'text':
      return text(value as string);
    case 'text[]':
      return textArray(value as string[]);
    case 'jsonb':
      return jsonb(value);
  }
}

/**
 * An array of rows in Postgres's binary format: array_recv, record_recv and the columns' own.
 * @param oid of the composite type, which each database numbers for itself
 */
export function encodeRows({ type, rows }: Rows, oid: number): Buffer {
  const kinds: readonly Kind[] = TYPES[type];
  at = 0;
  arrayHeader(oid, rows.length);
  for (const row of rows) {
    need(MOST_FIXED);
    const start = at;
    at += 4;
    int4(kinds.length);
    for (let index = 0; index < kinds.length; index++) column(kinds[index] as Kind, row[index]);
    view.setInt32(start, at - start - 4);
  }
  return Buffer.from(bytes.subarray(0, at));
}
