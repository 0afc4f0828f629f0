import type { JobData, JobName } from '@muster/protocol/internal/jobs';
import { JOBS } from '@muster/protocol/internal/jobs';
import { parseOrThrow } from '@muster/protocol/error';

/** What a job does; its answer says what came of it, "nothing to do" included. */
export type JobHandlers = { [N in JobName]: (data: JobData<N>) => Promise<string> };

/**
 * One way into all handlers: finds the job's handler and parses its data.
 * @throws {MusterError} `invalid` for data that is not the job's
 * @throws {Error} for a job that nobody here knows
 */
export function createDispatch(handlers: JobHandlers): (name: string, data: unknown) => Promise<string> {
  const missing = Object.keys(JOBS).filter((name) => !Object.hasOwn(handlers, name));
  if (missing.length > 0) throw new Error(`jobs without a handler: ${missing.join(', ')}`);
  return async (name, data) => {
    if (!Object.hasOwn(JOBS, name)) throw new Error(`there is no job called ${name}`);
    const job = name as JobName;
    const handle = handlers[job] as (data: JobData<typeof job>) => Promise<string>;
    return handle(parseOrThrow(JOBS[job].data, data));
  };
}
