import { defineConfig } from 'vite';

// The pages people set things up on, after the phone's own: built together they would share chunks,
// and a tab that waits for calls would load more and smaller ones.
export default defineConfig({
  base: './',
  publicDir: false,
  build: {
    outDir: '../static',
    emptyOutDir: false,
    target: 'es2022',
    cssCodeSplit: true,
    modulePreload: { polyfill: false },
    manifest: 'vite-settings-manifest.json',
    rolldownOptions: {
      input: {
        settings: 'src/entries/settings.ts',
        profile: 'src/entries/profile.ts',
      },
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
});
