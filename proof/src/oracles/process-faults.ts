import { violation, type Violation } from './violation.ts';

/** How a process came to its end, where nobody had ended it, and what stands in its log. */
export interface ProcessRecord {
  name: string;
  /** Ends that the harness did not cause, in words. */
  ends: string[];
  logFile: string;
  log: string;
}

/** What our own handler says of a fault that nobody caught, and what Node says when it ends of one. */
const FAULTS = [/"msg":"nobody caught this"/, /^Uncaught/, /^Node\.js v\d+/, /FATAL ERROR:/];

/** No process ends by itself, and none says that a fault was caught by nobody. One report a process. */
export function checkProcesses(processes: ProcessRecord[]): Violation[] {
  return processes.flatMap(({ name, ends, logFile, log }) => {
    const lines = log.split('\n').filter((line) => FAULTS.some((fault) => fault.test(line)));
    if (ends.length === 0 && lines.length === 0) return [];
    const words = [...ends, ...lines.slice(0, 3)].join('; ').slice(0, 600);
    return [violation('processes live', `${name}: ${words}`, { process: name, logFile })];
  });
}
