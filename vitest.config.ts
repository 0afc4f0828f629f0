import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** A test's suffix says what it needs; the project of that name provides it. */
const SUFFIXES = ['pg', 'redis', 'stack', 'svelte'] as const;
const ROOMS = '{packages/*,db,gateway,worker,web,bench,proof,loadtest,scripts,e2e}';
/** A machine that does several things at once takes so long for what else takes a tenth of it. */
const testTimeout = 20_000;
const NEVER = ['**/node_modules/**', '**/build/**', '**/.svelte-kit/**'];

function withServers(name: 'pg' | 'redis' | 'stack'): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      environment: 'node',
      include: [`${ROOMS}/**/*.${name}.test.ts`],
      exclude: NEVER,
      globalSetup: ['scripts/testing/global-setup.ts'],
      testTimeout,
      hookTimeout: 60_000,
    },
  };
}

// Components are compiled by the page's own Vite plugins, for the browser.
const components: TestProjectInlineConfiguration = {
  extends: './web/vite.config.ts',
  root: './web',
  plugins: [svelteTesting()],
  test: {
    name: 'svelte',
    environment: 'jsdom',
    include: ['src/**/*.svelte.test.ts'],
    testTimeout,
  },
};

export default defineConfig({
  test: {
    // Vitest would leave a core free; most files wait for servers rather than for it.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'pure',
          environment: 'node',
          include: [`${ROOMS}/**/*.test.ts`],
          exclude: [...NEVER, ...SUFFIXES.map((suffix) => `**/*.${suffix}.test.ts`)],
          testTimeout,
        },
      },
      withServers('pg'),
      withServers('redis'),
      withServers('stack'),
      components,
    ],
  },
});
