import { expect, test } from 'vitest';
import { gatewayEnvironment, productEnvironment, type ProductSettings } from './environment.ts';

const settings: ProductSettings = {
  mode: 'start',
  databaseUrl: 'postgresql://d',
  redisUrl: 'redis://r',
  secret: 's',
  publicUrl: 'http://localhost:8080',
  gatewayPorts: [8081, 8083],
  frontPort: 8080,
  webRoot: '/w',
};

test('a start is production, migrates, and knows its own addresses as origins', () => {
  const env = productEnvironment(settings, {});
  expect(env).toMatchObject({
    NODE_ENV: 'production',
    MIGRATE: 'on',
    SECRET: 's',
    PUBLIC_URL: 'http://localhost:8080',
  });
  expect(env['ALLOWED_ORIGINS']?.split(',')).toEqual([
    'http://localhost:8080',
    'http://127.0.0.1:8080',
    'http://localhost:8081',
    'http://127.0.0.1:8081',
    'http://localhost:8083',
    'http://127.0.0.1:8083',
  ]);
});

test('what the person set wins over the defaults, and passes through', () => {
  const outer = { LOG_LEVEL: 'debug', REDIS_PREFIX: 'mine', OPENAI_API_KEY: 'k', ALLOWED_ORIGINS: 'https://a.example' };
  const env = productEnvironment(settings, outer);
  expect(env).toMatchObject({ LOG_LEVEL: 'debug', REDIS_PREFIX: 'mine', OPENAI_API_KEY: 'k' });
  expect(env['ALLOWED_ORIGINS']).toContain('https://a.example');
});

test('what the launcher alone can know wins over what is set, as a value and as a file', () => {
  const env = productEnvironment(settings, { NODE_ENV: 'test', MIGRATE: 'off', SECRET_FILE: '/x', npm_command: 'run' });
  expect(env).toMatchObject({ NODE_ENV: 'production', MIGRATE: 'on' });
  expect(env['SECRET_FILE']).toBeUndefined();
  expect(env).not.toHaveProperty('npm_command');
});

test('a public address of its own is an origin too', () => {
  const env = productEnvironment({ ...settings, publicUrl: 'https://muster.example/' }, {});
  expect(env['ALLOWED_ORIGINS']?.split(',')).toContain('https://muster.example');
});

test('limits are wide on one’s own machine only', () => {
  expect(productEnvironment(settings, {})).toHaveProperty('RATE_LIMIT_USER');
  expect(productEnvironment(settings, { RATE_LIMIT_USER: '5' })['RATE_LIMIT_USER']).toBe('5');
  const open = productEnvironment({ ...settings, publicUrl: 'https://muster.example' }, {});
  expect(open).not.toHaveProperty('RATE_LIMIT_USER');
  expect(open).not.toHaveProperty('EMAIL_TRUST');
});

test('each gateway has its own port', () => {
  expect(gatewayEnvironment({ A: 'b' }, '127.0.0.1', 8081)).toEqual({ A: 'b', HOST: '127.0.0.1', PORT: '8081' });
});
