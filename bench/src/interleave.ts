/**
 * Measures contestants in turns, one slice each a round, so that a slow minute of the machine hits all of them. Who begins
 * moves on from round to round: none always runs in the wake of the same one.
 *
 * @returns the slices of each, in the order of the rounds
 */
export async function interleave<N extends string, T>(
  rounds: number,
  contestants: Record<N, () => Promise<T>>,
  onRound: (round: number) => void = () => undefined,
): Promise<Record<N, T[]>> {
  const names = Object.keys(contestants) as N[];
  const slices = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<N, T[]>;
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!;
      slices[name].push(await contestants[name]());
    }
    onRound(round + 1);
  }
  return slices;
}

/** Slices of the same round beside each other. */
export function pairsOf<T>(
  ours: readonly T[],
  peers: readonly T[],
  read: (slice: T) => number,
): { ours: number; peer: number }[] {
  return ours.map((slice, round) => ({ ours: read(slice), peer: read(peers[round]!) }));
}
