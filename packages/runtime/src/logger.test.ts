import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

function capture() {
  const lines: string[] = [];
  const logger = createLogger({
    name: 'gateway',
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
  });
  return { logger, last: () => JSON.parse(lines.at(-1) as string) as Record<string, unknown>, lines };
}

test('a line is JSON with its level by name, its process and its ids', () => {
  const { logger, last } = capture();
  logger.child({ requestId: 'r1' }).info({ userId: 'u1', runId: 'n1' }, 'done');
  expect(last()).toMatchObject({
    level: 'info',
    name: 'gateway',
    requestId: 'r1',
    userId: 'u1',
    runId: 'n1',
    msg: 'done',
  });
});

test('credentials and content are cut, at the top and two levels down', () => {
  const { logger, lines } = capture();
  logger.info({
    token: 'HIDE',
    headers: { authorization: 'HIDE', cookie: 'HIDE', 'set-cookie': 'HIDE' },
    frame: { args: 'HIDE', task: { title: 'HIDE', notes: 'HIDE' } },
    change: { effects: ['HIDE'] },
  });
  expect(lines.join()).not.toContain('HIDE');
  expect(lines.join()).toContain('[cut]');
});

test('an error of Postgres keeps its code and constraint, not the values it repeats', () => {
  const { logger, last, lines } = capture();
  const err = Object.assign(new Error('invalid input syntax for type uuid: "buy a ring"'), {
    severity: 'ERROR',
    code: '22P02',
    constraint: 'task_pkey',
    detail: 'Key (title)=(buy a ring) already exists.',
    where: 'buy a ring',
  });
  logger.error({ err }, 'commit failed');
  expect(lines.join()).not.toContain('ring');
  expect(last()['err']).toMatchObject({ code: '22P02', constraint: 'task_pkey' });
});

test('an error keeps its cause and its frames', () => {
  const { logger, last } = capture();
  logger.error({ err: new Error('outer', { cause: new Error('inner') }) });
  expect(last()['err']).toMatchObject({ message: 'outer', cause: { message: 'inner' } });
  expect((last()['err'] as { stack: string }).stack).toContain('logger.test.ts');
});
