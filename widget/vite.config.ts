import { defineConfig } from 'vitest/config';

// The server renders the HTML shells itself (they carry the session), so the entries are scripts
// and the manifest tells it which hashed files a page needs.
export default defineConfig({
  base: './',
  publicDir: false,
  build: {
    outDir: '../static',
    emptyOutDir: true,
    target: 'es2022',
    cssCodeSplit: true,
    modulePreload: { polyfill: false },
    manifest: 'vite-manifest.json',
    rolldownOptions: {
      input: {
        frame: 'src/entries/frame.ts',
        app: 'src/entries/app.ts',
        worker: 'src/entries/worker.ts',
        standalone: 'src/entries/standalone.ts',
        phone: 'src/entries/phone.ts',
      },
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node' },
});
