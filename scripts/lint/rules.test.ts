import { describe, expect, test } from 'vitest';
import { judgeFileName, judgeImport } from './rules.js';

const ROOT = '/clone';
const judge = (file: string, source: string) => judgeImport(ROOT, `${ROOT}/${file}`, source);

describe('the import table', () => {
  test.each([
    ['gateway/src/app.ts', '@muster/db/commit'],
    ['gateway/src/app.ts', '@muster/protocol/internal/jobs'],
    ['gateway/src/app.ts', '@muster/gateway/config'],
    ['gateway/src/http/a.ts', '../bus/b.ts'],
    ['web/src/lib/a.ts', '@muster/client/client'],
    ['web/src/lib/a.svelte', '@muster/protocol/task'],
    ['packages/protocol/src/a.ts', 'zod/mini'],
    ['bench/src/a.ts', '@muster/worker/worker'],
    ['scripts/a.ts', '../db/scripts/b.ts'],
    ['web/vite.config.ts', 'node:fs'],
    ['gateway/src/a.stack.test.ts', '@muster/testing/database'],
    ['packages/domain/src/a.test.ts', 'node:crypto'],
  ])('%s may import %s', (file, source) => {
    expect(judge(file, source)).toBeUndefined();
  });

  test.each([
    ['gateway/src/app.ts', '@muster/worker/worker', 'gateway may not import worker'],
    ['gateway/src/app.ts', '@muster/testing/database', 'gateway may not import testing'],
    ['gateway/src/app.ts', '@openai/agents', 'gateway never imports @openai/agents'],
    ['gateway/src/app.ts', '@openai/agents/testing', 'gateway never imports'],
    ['gateway/src/app.ts', '../../worker/src/run.ts', 'may not leave its room'],
    ['gateway/src/a.test.ts', '../../worker/src/run.ts', 'may not leave its room'],
    ['worker/src/a.ts', 'koa', 'worker never imports koa'],
    ['worker/src/a.ts', 'socket.io', 'worker never imports socket.io'],
    ['db/src/a.ts', '@muster/runtime/logger', 'db may not import runtime'],
    ['db/src/a.ts', 'ioredis', 'db never imports ioredis'],
    ['web/src/a.svelte', '@muster/db/schema', 'web may not import db'],
    ['web/src/a.ts', 'node:fs', 'web never imports node:fs'],
    ['web/src/a.ts', '@muster/protocol/internal/jobs', 'for servers only'],
    ['packages/client/src/a.ts', '@muster/protocol/internal/jobs', 'for servers only'],
    ['packages/client/src/a.ts', 'svelte/store', 'client never imports svelte'],
    ['packages/client/src/a.ts', 'node:fs', 'client never imports node:fs'],
    ['packages/domain/src/a.ts', 'node:crypto', 'domain never imports node:crypto'],
    ['packages/domain/src/a.ts', '../../protocol/src/task.ts', 'import from @muster/protocol'],
    ['packages/protocol/src/a.ts', '@muster/domain/x', 'protocol may not import domain'],
    ['packages/protocol/src/a.ts', 'uuid', 'protocol imports nothing but zod'],
    ['packages/runtime/src/a.ts', '@muster/protocol/task', 'runtime may not import protocol'],
  ])('%s may not import %s', (file, source, fault) => {
    expect(judge(file, source)).toContain(fault);
  });
});

describe('file names', () => {
  const name = (file: string) => judgeFileName(ROOT, `${ROOT}/${file}`);

  test.each(['db/src/task.repository.ts', 'web/src/routes/(app)/+page.svelte', 'web/src/routes/list/[id]/+page.ts'])(
    '%s is fine',
    (file) => expect(name(file)).toBeUndefined(),
  );

  test.each([
    ['gateway/src/utils.ts', 'says nothing'],
    ['gateway/src/common/a.ts', 'says nothing'],
    ['web/src/lib/helpers.svelte.ts', 'says nothing'],
    ['gateway/src/taskRow.ts', 'kebab-case'],
    ['packages/client/src/index.ts', 'No barrel files'],
  ])('%s is not', (file, fault) => expect(name(file)).toContain(fault));
});
