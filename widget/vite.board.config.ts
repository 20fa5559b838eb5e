import { defineConfig } from 'vite';

// The supervisors' board, by itself for the same reason as the settings: no page pays for another.
export default defineConfig({
  base: './',
  publicDir: false,
  build: {
    outDir: '../static',
    emptyOutDir: false,
    target: 'es2022',
    cssCodeSplit: true,
    modulePreload: { polyfill: false },
    manifest: 'vite-board-manifest.json',
    rolldownOptions: {
      input: {
        board: 'src/entries/board.ts',
      },
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
});
