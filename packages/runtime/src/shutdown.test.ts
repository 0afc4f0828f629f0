import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { silentLogger } from './logger.ts';
import { createShutdown, endWithProcess, type ProcessLike } from './shutdown.ts';

const logger = silentLogger();

class FakeProcess extends EventEmitter implements ProcessLike {
  exit = vi.fn<(code: number) => void>();
}

test('stages go one after the other, whatever order they were registered in', async () => {
  const shutdown = createShutdown({ logger });
  const closed: string[] = [];
  const slow = async (name: string) => {
    await new Promise((resolve) => setImmediate(resolve));
    closed.push(name);
  };
  shutdown.register('stores', 'postgres', () => closed.push('postgres'));
  shutdown.register('accept', 'http', () => slow('http'));
  shutdown.register('workers', 'queue', () => slow('queue'));
  shutdown.register('drain', 'sockets', () => slow('sockets'));
  expect(shutdown.isStopping).toBe(false);
  await expect(shutdown.run('test')).resolves.toBe(true);
  expect(closed).toEqual(['http', 'sockets', 'queue', 'postgres']);
  expect(shutdown.isStopping).toBe(true);
});

test('an owner that hangs or throws holds nobody up', async () => {
  const shutdown = createShutdown({ logger });
  const close = vi.fn();
  shutdown.register('drain', 'hangs', () => new Promise(() => undefined), { timeoutMs: 10 });
  shutdown.register('drain', 'throws', () => {
    throw new Error('no');
  });
  shutdown.register('stores', 'postgres', close);
  await expect(shutdown.run('test')).resolves.toBe(false);
  expect(close).toHaveBeenCalledOnce();
});

test('running twice closes once', async () => {
  const shutdown = createShutdown({ logger });
  const close = vi.fn();
  shutdown.register('accept', 'http', close);
  await Promise.all([shutdown.run('a'), shutdown.run('b')]);
  expect(close).toHaveBeenCalledOnce();
});

test('SIGTERM runs it and ends the process, a second signal hurries it, a third one kills', async () => {
  const process = new FakeProcess();
  const shutdown = createShutdown({ logger });
  const gate = Promise.withResolvers<void>();
  shutdown.register('drain', 'slow', () => gate.promise);
  endWithProcess(shutdown, { process, logger });
  process.emit('SIGTERM');
  expect([shutdown.isStopping, shutdown.hurried.aborted]).toEqual([true, false]);
  process.emit('SIGINT');
  expect(shutdown.hurried.aborted).toBe(true);
  expect(process.exit).not.toHaveBeenCalled();
  process.emit('SIGINT');
  expect(process.exit).toHaveBeenCalledWith(130);
  gate.resolve();
  await vi.waitFor(() => expect(process.exit).toHaveBeenLastCalledWith(0));
});

test.each(['SIGINT', 'disconnect', 'uncaughtException'])('%s hurries', async (event) => {
  const process = new FakeProcess();
  const shutdown = createShutdown({ logger });
  endWithProcess(shutdown, { process, logger });
  process.emit(event, new Error('boom'));
  expect([shutdown.isStopping, shutdown.hurried.aborted]).toEqual([true, true]);
  await vi.waitFor(() => expect(process.exit).toHaveBeenCalledOnce());
});

test.each([
  ['disconnect', undefined, 0],
  ['uncaughtException', new Error('boom'), 1],
  ['unhandledRejection', new Error('boom'), 1],
])('%s ends the process in order', async (event, argument, code) => {
  const process = new FakeProcess();
  const shutdown = createShutdown({ logger });
  const close = vi.fn();
  shutdown.register('stores', 'postgres', close);
  endWithProcess(shutdown, { process, logger });
  process.emit(event, argument);
  await vi.waitFor(() => expect(process.exit).toHaveBeenCalledWith(code));
  expect(close).toHaveBeenCalledOnce();
});

test("Node's own process fits", () => {
  const real: ProcessLike = process;
  expect(real).toBe(process);
});
