import { expect, test } from 'vitest';
import { networkOf } from './network-of.ts';

test.each([
  ['an address of version 4 stands for itself', '203.0.113.7', '203.0.113.7'],
  ['in the form of version 6 it is the same', '::ffff:203.0.113.7', '203.0.113.7'],
  ['also where it is told in hexadecimals', '::FFFF:cb00:7107', '203.0.113.7'],
  ['one of version 6 stands for its network', '2001:db8:a:b:1:2:3:4', '2001:db8:a:b::/64'],
  ['however it is written', '2001:0DB8:000a:b::1', '2001:db8:a:b::/64'],
  ['with nothing but zeros behind it', '2001:db8::', '2001:db8:0:0::/64'],
  ['with the zeros before it', '::1', '0:0:0:0::/64'],
  ['with an end of version 4', '64:ff9b:1::198.51.100.1', '64:ff9b:1:0::/64'],
  ['with the name of an interface', 'fe80::1:2%eth0', 'fe80:0:0:0::/64'],
  ['what is no address stands for itself', 'unknown', 'unknown'],
  ['nothing, too', '', ''],
])('%s', (_what, address, network) => {
  expect(networkOf(address)).toBe(network);
});
