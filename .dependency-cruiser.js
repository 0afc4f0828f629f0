/** Cycles only: who may import whom is ESLint's (scripts/lint/import-table.js). */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Files that need each other can be neither read nor tested alone. Types are free: they vanish.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(build|\\.svelte-kit|test-results)/' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default'],
      extensions: ['.ts', '.js', '.svelte'],
    },
    moduleSystems: ['es6'],
  },
};
