import { expect, it } from 'vitest';
import { createDispatch, type JobHandlers } from './job-handlers.ts';

const RUN = '00000000-0000-4000-8000-000000000001';
const handlers: JobHandlers = {
  'agent-run': ({ runId }) => Promise.resolve(`ran ${runId}`),
  'sweep-runs': () => Promise.resolve('swept'),
  'care-for-log': () => Promise.resolve('cared for'),
  'send-mail': () => Promise.resolve('sent'),
};

it('refuses to begin with a job that has no handler', () => {
  const { 'sweep-runs': _, ...rest } = handlers;
  expect(() => createDispatch(rest as JobHandlers)).toThrow('sweep-runs');
});

it('finds the handler and parses what came', async () => {
  const dispatch = createDispatch(handlers);
  expect(await dispatch('agent-run', { runId: RUN })).toBe(`ran ${RUN}`);
  expect(await dispatch('sweep-runs', {})).toBe('swept');
  await expect(dispatch('agent-run', { runId: 'x' })).rejects.toMatchObject({ code: 'invalid' });
  await expect(dispatch('constructor', {})).rejects.toThrow('no job called');
});
