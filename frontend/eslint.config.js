// The walls of the frontend: features do not import each other, shared imports no feature.

import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import { readdirSync } from 'node:fs';
import tseslint from 'typescript-eslint';

const features = readdirSync(new URL('./src/features', import.meta.url));

const walls = features.map((feature) => ({
  files: [`src/features/${feature}/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `(features/(?!${feature}/)|^\\.\\./\\.\\./(?!\\.\\./)|/app/)`,
            message: 'Features do not import each other or the app; share through src/shared.',
          },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist'] },
  js.configs.recommended,
  tseslint.configs.recommended,
  hooks.configs.flat.recommended,
  ...walls,
  {
    files: ['src/shared/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '/(features|app)/', message: 'Shared code knows no feature.' }] },
      ],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: { 'max-lines': ['error', 300], 'max-lines-per-function': ['error', 70] },
  },
);
