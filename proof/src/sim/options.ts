export interface SimOptions {
  seeds: number;
  /** The first seed; a day has its own. */
  first: number;
}
export function parseOptions(args: readonly string[]): SimOptions {
  const value = (name: string) => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : Number(args[at + 1]);
  };
  return { seeds: value('--seeds') ?? 20, first: value('--seed') ?? 1 };
}
