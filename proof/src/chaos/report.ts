import { PROMISES, type PromiseName, type Violation } from '../oracles/violation.ts';

/** Of each broken promise, so many are shown: one mistake breaks it for hundreds of clients. */
const SHOWN = 5;

/** A round's verdict, in lines: the broken promise, what was seen, the objects concerned, where the logs lie. */
export function reportOf(found: Violation[], folder: string): string[] {
  if (found.length === 0) return ['  every promise was kept'];
  const lines: string[] = [];
  for (const [promise, violations] of Map.groupBy(found, (one) => one.promise)) {
    lines.push(`  BROKEN ${promise}: ${PROMISES[promise as PromiseName]} (${violations.length} times)`);
    for (const { what, objects } of violations.slice(0, SHOWN)) {
      lines.push(`    ${what}`);
      if (Object.keys(objects).length > 0) lines.push(`      ${JSON.stringify(objects).slice(0, 400)}`);
    }
  }
  lines.push(`  all of them: ${folder}/violations.json; logs and histories beside it`);
  return lines;
}
