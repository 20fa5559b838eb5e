import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules', 'amocrm', 'site', 'scripts', '*.mjs', '.gallery'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Numbers in templates read well and cannot surprise.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => store.set(x)` is how handlers are written here.
      '@typescript-eslint/no-confusing-void-expression': [
        'error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
);
