import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { addressOf } from './address.ts';

const request = (forwarded?: string) =>
  ({
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    socket: { remoteAddress: '10.0.0.1' },
  }) as unknown as IncomingMessage;

test.each([
  ['nobody is believed', '1.1.1.1', 0, '10.0.0.1'],
  ['one proxy named the client', '1.1.1.1', 1, '1.1.1.1'],
  ['what the client invented stands before it', '6.6.6.6, 1.1.1.1', 1, '1.1.1.1'],
  ['two proxies', '6.6.6.6, 1.1.1.1, 10.0.0.9', 2, '1.1.1.1'],
  ['nobody was named', undefined, 1, '10.0.0.1'],
  ['nothing was named', ' , ', 1, '10.0.0.1'],
])('%s', (_what, forwarded, proxies, address) => {
  expect(addressOf(request(forwarded), proxies)).toBe(address);
});
