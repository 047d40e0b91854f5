/** What the program that begins a project of a framework puts there. */
export interface Framework {
  packages: readonly string[];
  files: Record<string, string>;
}

const types = ['typescript', '@types/node', '@types/react', '@types/react-dom'];

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** As `create-next-app` with TypeScript and the App Router, but for its style sheets. */
export const next: Framework = {
  packages: ['next', 'react', 'react-dom', ...types],
  files: {
    'package.json': json({ name: 'fresh', version: '0.1.0', private: true }),
    'tsconfig.json': json({
      compilerOptions: {
        target: 'ES2017',
        lib: ['dom', 'dom.iterable', 'esnext'],
        allowJs: true,
        skipLibCheck: true,
        strict: true,
        noEmit: true,
        esModuleInterop: true,
        module: 'esnext',
        moduleResolution: 'bundler',
        resolveJsonModule: true,
        isolatedModules: true,
        jsx: 'react-jsx',
        incremental: true,
        plugins: [{ name: 'next' }],
        paths: { '@/*': ['./*'] },
      },
      include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts'],
      exclude: ['node_modules'],
    }),
    'app/layout.tsx': `export default function RootLayout({ children }: { children: React.ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`,
  },
};

/** As `create-vite` with its template `react-ts`, but for its plugin and its style sheets. */
export const vite: Framework = {
  packages: ['vite', 'react', 'react-dom', ...types],
  files: {
    'package.json': json({ name: 'fresh', version: '0.0.0', private: true, type: 'module' }),
    'tsconfig.json': json({
      compilerOptions: {
        target: 'es2023',
        lib: ['ES2023', 'DOM', 'DOM.Iterable'],
        module: 'esnext',
        types: ['vite/client', 'node'],
        skipLibCheck: true,
        moduleResolution: 'bundler',
        verbatimModuleSyntax: true,
        moduleDetection: 'force',
        noEmit: true,
        jsx: 'react-jsx',
        allowImportingTsExtensions: true,
        strict: true,
        noUnusedLocals: true,
        noUnusedParameters: true,
        erasableSyntaxOnly: true,
      },
      include: ['src', 'server', 'lib'],
    }),
    'index.html': `<!doctype html>
<html lang="en">
  <body>
    <div id="root"></div>
    <script type="module" src="/src/main.tsx"></script>
  </body>
</html>
`,
    'src/main.tsx': `import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import App from './App.tsx';

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
`,
  },
};
