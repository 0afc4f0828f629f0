import { isIPv6 } from 'node:net';

/**
 * What limits count an address under. Of version 6 each customer has a whole /64 of them: counted one by one they would
 * be as good as no limit.
 */
export function networkOf(address: string): string {
  const bare = address.split('%')[0] ?? '';
  if (!isIPv6(bare)) return address;
  const groups = groupsOf(bare);
  // Version 4 as a socket for both tells it: one /64 would be everybody.
  const isVersion4 = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isVersion4) return [groups[6]!, groups[7]!].flatMap((group) => [group >> 8, group & 0xff]).join('.');
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** All eight, the zeros among them. @param address a valid one, without an interface */
function groupsOf(address: string): number[] {
  const [before = [], after = []] = address.split('::').map((part) => part.split(':').flatMap(readGroup));
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function readGroup(group: string): number[] {
  if (group === '') return [];
  if (!group.includes('.')) return [Number.parseInt(group, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}
