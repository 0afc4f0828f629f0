import { AGENT_ID } from '@muster/protocol/principal';

const HUES = 8;

/** One of eight hues by a hash of the id (FNV-1a), as the CSS variable's name. The agent has its own. */
export function hueOf(id: string): string {
  if (id === AGENT_ID) return '--color-agent';
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return `--color-who-${((hash >>> 0) % HUES) + 1}`;
}

/** Two letters that stand for a name: its first and its last word's. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toLocaleUpperCase();
}
