import { violation, type Violation } from './violation.ts';

/** How a process came to its end, where nobody had ended it, and what stands in its log. */
export interface ProcessRecord {
  name: string;
  /** Ends that the harness did not cause, in words. */
  ends: string[];
  logFile: string;
  log: string;
}

/**
 * What our own handler says of a fault that nobody caught, and what Node says when it ends of one. And mistakes of a
 * program, wherever they were caught: no fault of a network has such a name.
 */
const FAULTS = [
  /"msg":"nobody caught this"/,
  /^Uncaught/,
  /^Node\.js v\d+/,
  /FATAL ERROR:/,
  /"level":"(error|fatal)".*"type":"(TypeError|ReferenceError|RangeError|SyntaxError|AssertionError)"/,
];

/** No process ends by itself, and none tells of a fault that should not be. One report a process. */
export function checkProcesses(processes: ProcessRecord[]): Violation[] {
  return processes.flatMap(({ name, ends, logFile, log }) => {
    const lines = log.split('\n').filter((line) => FAULTS.some((fault) => fault.test(line)));
    if (ends.length === 0 && lines.length === 0) return [];
    const words = [...ends, ...lines.slice(0, 3)].join('; ').slice(0, 600);
    return [violation('processes live', `${name}: ${words}`, { process: name, logFile })];
  });
}
