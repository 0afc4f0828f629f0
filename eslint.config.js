import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { muster } from './scripts/lint/rules.js';

const TESTS = ['**/*.test.ts', '**/*.spec.ts', '**/test/**', '**/fixtures/**'];
const PURE = ['packages/domain/src/**/*.ts', 'packages/protocol/src/**/*.ts'];

const noClock = [
  { object: 'Date', property: 'now', message: 'The time is passed in.' },
  { object: 'Math', property: 'random', message: 'Randomness is passed in.' },
];
const noNow = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The time is passed in.' },
  { selector: "CallExpression[callee.name='Date']", message: 'The time is passed in.' },
];
const noIo = [
  'Buffer',
  'crypto',
  'performance',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'process',
  'console',
];

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/**',
      '**/build/**',
      '**/.svelte-kit/**',
      '**/.data/**',
      '**/*.generated.ts',
      'test-results/**',
      'playwright-report/**',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  ...svelte.configs.recommended,
  {
    files: ['**/*.{ts,js,mjs,svelte}'],
    plugins: { muster },
    languageOptions: { globals: { ...globals.node } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'muster/import-table': 'error',
      'muster/file-name': 'error',
      'max-lines': ['error', { max: 300 }],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-undef': 'off',
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Sentinels that no typed text holds are control characters on purpose.
      'no-control-regex': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      // The page lives at the root of its own address: there is no base path to resolve.
      'svelte/no-navigation-without-resolve': 'off',
      // Assigning to state is what Svelte's components do.
      'prefer-const': 'off',
      'svelte/prefer-const': 'error',
      // Most maps and sets are built and read within one function; state that is shown is declared as such.
      'svelte/prefer-svelte-reactivity': 'off',
      // svelte-check knows this better: here the same comment is told sixty times.
      'svelte/no-unused-svelte-ignore': 'off',
      // A mustache around a literal is how a text with quotes or braces stays readable.
      'svelte/no-useless-mustaches': 'off',
    },
  },
  {
    // A rejection that nobody awaits ends the process. These rules need types, and with them half of the lint's time.
    files: ['{packages/*,db,gateway,worker}/src/**/*.ts'],
    ignores: TESTS,
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ['scripts/**', '*/scripts/**', 'bench/**', 'e2e/**', 'proof/**', 'loadtest/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: PURE,
    ignores: TESTS,
    rules: {
      'no-restricted-properties': ['error', ...noClock],
      'no-restricted-syntax': ['error', ...noNow],
      'no-restricted-globals': ['error', ...noIo.map((name) => ({ name, message: 'Pure functions do no I/O.' }))],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'uuid', importNames: ['v1', 'v4', 'v6', 'v7'], message: 'Randomness is passed in.' }] },
      ],
    },
  },
  {
    files: ['packages/client/src/**/*.ts'],
    ignores: [...TESTS, 'packages/client/src/indexeddb*'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'indexedDB', message: 'Only client/indexeddb knows IndexedDB.' },
        { name: 'process', message: 'The client runs in browsers too.' },
        { name: 'Buffer', message: 'The client runs in browsers too.' },
      ],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'idb', message: 'Only client/indexeddb knows IndexedDB.' }] },
      ],
    },
  },
  {
    files: ['gateway/src/**/*.ts', 'worker/src/**/*.ts', 'db/src/**/*.ts', 'packages/runtime/src/**/*.ts'],
    ignores: [...TESTS, '**/src/main.ts'],
    rules: {
      'no-restricted-globals': ['error', { name: 'process', message: 'Only main.ts touches the process.' }],
    },
  },
  {
    files: TESTS,
    rules: {
      'max-lines': ['error', { max: 500 }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[object.name=/^(test|it|describe)$/][property.name=/^(only|skip|todo)$/]',
          message: 'Every test runs.',
        },
      ],
    },
  },
);
