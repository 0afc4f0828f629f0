import type { StoragePort } from '@muster/client/types';
import type { Random } from '../random.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { Life } from './life.ts';

/**
 * A tab's way to its disk: transactions take time, and go one after another. One that had begun when the tab died is
 * done or not, never half; what had not begun never happens.
 */
export function slowStorage(storage: StoragePort, time: VirtualTime, random: Random, life: Life): StoragePort {
  let freeAt = 0;
  const later = (job: () => Promise<unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const begin = Math.max(freeAt, time.now + (random.chance(0.7) ? 0 : random.between(0.1, 4)));
      freeAt = begin;
      const end = random.chance(0.7) ? 0 : random.between(0.1, 3);
      time.at(begin, () =>
        life.run(() => {
          const done = job();
          time.after(end, () => life.run(() => void done.then(resolve, reject)));
        }),
      );
    });
  const tabs: StoragePort['tabs'] = {
    ...storage.tabs,
    join(hear, ...rest) {
      // A channel keeps the order of what is said on it.
      let heardAt = 0;
      const said: typeof hear = (message) => {
        heardAt = Math.max(heardAt, time.now + (random.chance(0.5) ? 0 : random.between(0.1, 2)));
        time.at(heardAt, () => life.run(() => hear(message)));
      };
      const seat = storage.tabs.join(said, ...rest);
      return seatOf(seat, life);
    },
  };
  return new Proxy(storage, {
    get(target, name) {
      if (name === 'tabs') return tabs;
      const method = target[name as keyof StoragePort] as unknown;
      if (typeof method !== 'function' || name === 'close') return method;
      return (...args: unknown[]) => later(() => (method as (...given: unknown[]) => Promise<unknown>)(...args));
    },
  });
}

/** What the browser calls back (a lock that is ours, or lost) reaches living tabs only. */
function seatOf<T extends object>(seat: T, life: Life): T {
  const guard = (given: unknown): unknown => {
    if (typeof given === 'function')
      return (...args: unknown[]) => life.run(() => void Reflect.apply(given, undefined, args));
    if (given === null || typeof given !== 'object') return given;
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, guard(value)]));
  };
  return new Proxy(seat, {
    get(target, name) {
      const method = target[name as keyof T] as unknown;
      if (typeof method !== 'function' || name === 'post') return method;
      return (...args: unknown[]) => Reflect.apply(method, target, args.map(guard));
    },
  });
}
