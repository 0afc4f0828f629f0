import { createSubscriber } from 'svelte/reactivity';
import type { DueReader } from './format-due.ts';

const MINUTE_MS = 60_000;

/** Ticks with each full minute, while something on the page reads it: "Today 17:00" turns red by itself. */
const everyMinute = createSubscriber((update) => {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (): void => {
    timer = setTimeout(
      () => {
        update();
        wait();
      },
      MINUTE_MS - (Date.now() % MINUTE_MS),
    );
  };
  wait();
  // Timers of a hidden tab are late; what it shows must be right when it is looked at again.
  const onvisible = (): void => update();
  document.addEventListener('visibilitychange', onvisible);
  return () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onvisible);
  };
});

/** The zone of this browser. */
export const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Who reads due dates now: in the person's own zone, or the browser's. Reactive. */
export function dueReader(zone: string | null): DueReader {
  everyMinute();
  return { now: Date.now(), zone: zone ?? localZone() };
}

/** Whether this browser's people write the day before the month. */
export const isDayFirst = (locale: string | null): boolean =>
  new Intl.DateTimeFormat(locale ?? navigator.language, { day: 'numeric', month: 'numeric' })
    .formatToParts(0)
    .find(({ type }) => type === 'day' || type === 'month')?.type === 'day';
