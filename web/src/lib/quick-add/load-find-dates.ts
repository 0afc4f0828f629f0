import type { FindDates } from '@muster/domain/dates/date-context';

let loading: Promise<FindDates | undefined> | undefined;

/** Loads the reader of dates once. Undefined where it cannot be had (offline, before it was cached): text stays text. */
export function loadFindDates(): Promise<FindDates | undefined> {
  loading ??= import('@muster/domain/dates/find-dates').then(
    (module) => module.findDates,
    () => {
      loading = undefined;
      return undefined;
    },
  );
  return loading;
}
