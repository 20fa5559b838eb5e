import { defineConfig } from 'vite';

/** A page of every state of the screens, for looking at; never part of `static/`. */
export default defineConfig({
  root: 'gallery',
  base: './',
  build: { outDir: '../.gallery', emptyOutDir: true, target: 'es2022' },
});
