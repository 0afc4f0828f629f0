/** One line of a picker. `some`: on for a part of the tasks that it would change. */
export interface Choice {
  key: string;
  text: string;
  isOn: boolean | 'some';
  hint?: string;
}

/** Whether all, none or some of the given sets hold a key. */
export function isOnIn(key: string, sets: readonly (readonly string[])[]): boolean | 'some' {
  const holding = sets.filter((set) => set.includes(key)).length;
  return holding === 0 ? false : holding === sets.length ? true : 'some';
}
