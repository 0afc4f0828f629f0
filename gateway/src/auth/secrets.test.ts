import { expect, test } from 'vitest';
import { createSecrets, hashSecret, newSecret } from './secrets.ts';

test('what is sealed opens with the same secret for the same row, and nothing else', () => {
  const secrets = createSecrets('a'.repeat(32));
  const plain = newSecret();
  const sealed = secrets.seal(plain, 'link-1');
  expect(secrets.open(sealed, 'link-1')).toBe(plain);
  expect(sealed).not.toContain(plain);
  expect(secrets.seal(plain, 'link-1')).not.toBe(sealed);
  expect(secrets.open(sealed, 'link-2')).toBeUndefined();
  expect(createSecrets('b'.repeat(32)).open(sealed, 'link-1')).toBeUndefined();
  expect(secrets.open(`${sealed.slice(0, -4)}AAAA`, 'link-1')).toBeUndefined();
  expect(secrets.open('x', 'link-1')).toBeUndefined();
});

test('secrets differ, and their hashes tell nothing of them', () => {
  const [one, two] = [newSecret(), newSecret()];
  expect(one).not.toBe(two);
  expect(one).toHaveLength(32);
  expect(hashSecret(one)).toMatch(/^[0-9a-f]{64}$/);
});
