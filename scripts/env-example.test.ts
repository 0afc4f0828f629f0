import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatewayConfig } from '@muster/gateway/config';
import { workerConfig } from '@muster/worker/config';
import { expect, test } from 'vitest';

const text = readFileSync(join(import.meta.dirname, '..', '.env.example'), 'utf8');
const listed = [...text.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => ({ name, value }));

test('.env.example lists every variable of every process, and no other', () => {
  const known = new Set([...Object.keys(gatewayConfig.shape), ...Object.keys(workerConfig.shape)]);
  expect(listed.map(({ name }) => name).sort()).toEqual([...known].sort());
});

test('its values are valid as they stand, but for the secret that everyone makes for themselves', () => {
  const values = Object.fromEntries(listed.filter(({ value }) => value !== '').map(({ name, value }) => [name, value]));
  expect(gatewayConfig.safeParse({ ...values, SECRET: 's'.repeat(32) }).error?.issues).toBeUndefined();
  expect(workerConfig.safeParse(values).error?.issues).toBeUndefined();
  expect(values).not.toHaveProperty('SECRET');
});
