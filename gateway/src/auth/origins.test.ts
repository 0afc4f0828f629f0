import { describe, expect, test } from 'vitest';
import { createOrigins, isTrustedCaller } from './origins.ts';

const origins = createOrigins({
  allowed: ['https://App.example/', 'http://localhost:5173'],
  publicUrl: 'https://muster.example/',
  isProduction: true,
});

describe('origins', () => {
  test.each([
    ['https://app.example', true],
    ['https://muster.example', true],
    ['http://localhost:5173', true],
    ['http://app.example', false],
    ['https://app.example:8443', false],
    ['https://app.example.evil.example', false],
    ['https://sub.app.example', false],
    ['null', false],
    ['', false],
    ['file:///etc/passwd', false],
  ])('%s: %s', (origin, isAllowed) => {
    expect(origins.isAllowed(origin, 'gateway:8080')).toBe(isAllowed);
  });

  test('a page may always speak to the server that it came from', () => {
    expect(origins.isAllowed('http://10.0.0.1:8080', '10.0.0.1:8080')).toBe(true);
    expect(origins.isAllowed('http://10.0.0.1:8081', '10.0.0.1:8080')).toBe(false);
  });

  test('a wildcard is for development; what is no origin is named', () => {
    expect(() => createOrigins({ allowed: ['*'], isProduction: true })).toThrow('ALLOWED_ORIGINS');
    const open = createOrigins({ allowed: ['*'], isProduction: false });
    expect(open.isAllowed('https://anything.example', undefined)).toBe(true);
    expect(open.isAllowed('null', undefined)).toBe(false);
    expect(() => createOrigins({ allowed: ['app.example'], isProduction: false })).toThrow('app.example');
  });
});

describe('who changes something with a cookie', () => {
  test.each([
    ['a script, which names nothing', {}, true],
    ['an own page', { origin: 'https://muster.example' }, true],
    ['a foreign page', { origin: 'https://evil.example' }, false],
    ['a sandboxed frame', { origin: 'null' }, false],
    ['a browser without an origin, from elsewhere', { 'sec-fetch-site': 'cross-site' }, false],
    ['a sibling site', { 'sec-fetch-site': 'same-site' }, false],
    ['a browser without an origin, from here', { 'sec-fetch-site': 'same-origin' }, true],
    ['an old browser from elsewhere', { referer: 'https://evil.example/page' }, false],
  ])('%s', (_, headers, isTrusted) => {
    expect(isTrustedCaller({ host: 'muster.example', ...headers }, origins)).toBe(isTrusted);
  });
});
