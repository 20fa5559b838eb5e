import { defineConfig } from 'vite';

// The voice for the CRM's own page: one file, because that page's module loader (AMD) fetches it
// and knows nothing of our other chunks.
export default defineConfig({
  base: './',
  publicDir: false,
  build: {
    outDir: '../static',
    emptyOutDir: false,
    target: 'es2022',
    modulePreload: false,
    manifest: 'vite-inpage-manifest.json',
    lib: { entry: 'src/entries/inpage.ts', name: 'dozvonVoice', formats: ['umd'] },
    rolldownOptions: { output: { entryFileNames: 'assets/inpage-[hash].js' } },
  },
});
