import { sha1 } from 'k6/crypto';

export const newId = (): string => crypto.randomUUID();

/** UUIDv5: what clients know of a run before the server does. */
export function idWithin(namespace: string, name: string): string {
  const hex = namespace.replaceAll('-', '');
  const bytes = new Uint8Array(16 + name.length);
  for (let at = 0; at < 16; at++) bytes[at] = parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  for (let at = 0; at < name.length; at++) bytes[16 + at] = name.charCodeAt(at);
  const hash = sha1(bytes.buffer, 'hex');
  const variant = ((parseInt(hex16(hash), 16) & 0x3f) | 0x80).toString(16);
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `5${hash.slice(13, 16)}`, variant + hash.slice(18, 20)];
  return [...parts, hash.slice(20, 32)].join('-');
}

const hex16 = (hash: string): string => hash.slice(16, 18);
