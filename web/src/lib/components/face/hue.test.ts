import { AGENT_ID } from '@muster/protocol/principal';
import { expect, it } from 'vitest';
import { hueOf, initialsOf } from './hue.ts';

it('gives everybody one of eight hues, always the same, and the agent its own', () => {
  const ids = Array.from({ length: 400 }, (_, n) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`);
  const hues = new Set(ids.map(hueOf));
  expect([...hues].sort()).toEqual(Array.from({ length: 8 }, (_, n) => `--color-who-${n + 1}`));
  expect(hueOf(ids[7]!)).toBe(hueOf(ids[7]!));
  expect(hueOf(AGENT_ID)).toBe('--color-agent');
});

it.each([
  ['Ada Lovelace', 'AL'],
  ['  grace  brewster hopper ', 'GH'],
  ['Linus', 'L'],
  ['', '?'],
  ['👩‍🚀 Ed', '👩E'],
])('shortens %j to %j', (name, letters) => expect(initialsOf(name)).toBe(letters));
